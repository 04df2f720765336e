import type { Timers } from '../../../../src/ports/clock.ts';

/** Turns that all other work is given before time moves on. */
const TURNS = 4;

/** Time that passes as soon as nothing else is left to do. */
export class FakeTimers implements Timers {
  #now = 0;
  #order = 0;
  #pumping = false;
  readonly #random: () => number;
  readonly #sleepers: { at: number; order: number; wake: () => void }[] = [];

  constructor(random: () => number = () => 0.5) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#now);
  }

  random(): number {
    return this.#random();
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Time that something takes. */
  pass(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { at: this.#now + ms, order: this.#order++, wake: () => resolve() };
      const onAbort = (): void => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        resolve();
      };
      sleeper.wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#sleepers.push(sleeper);
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#sleepers.length > 0) {
      for (let turn = 0; turn < TURNS; turn++) await this.breathe();
      this.#sleepers.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#sleepers.shift();
      if (!next) break;
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#pumping = false;
  }
}
