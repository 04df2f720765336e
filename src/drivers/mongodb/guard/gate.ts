import type { ClientSession } from 'mongodb';
import type { GodwitError } from '../../../errors.ts';
import { Tally } from './counts.ts';
import type { Method } from './methods.ts';

/** A call that passes the gate. */
export interface Call {
  readonly method: string;
  readonly rule: Method;
  /** `name`, or `database.name` of another database. */
  readonly collection: string;
  readonly args: readonly unknown[];
  readonly writes: boolean;
}

export interface GateOptions {
  /** Goes with every call that has none of its own. */
  readonly session?: ClientSession | undefined;
  /** Throws when nothing may be written any more. */
  readonly check: () => void;
  /**
   * What must be made sure of around each write, when there is something: before it, and
   * after it because the driver itself may have repeated it on another primary.
   */
  readonly around?: ((call: Call) => Promise<void> | undefined) | undefined;
}

/**
 * What stands between a migration's handles and the driver, for one attempt of one run.
 * Closed, it refuses: writes only, or reads as well where they would go into a transaction
 * that has ended.
 */
export class Gate {
  readonly session: ClientSession | undefined;
  readonly tally = new Tally();
  /** In a transaction it is what ended it, also when the migration caught it. */
  firstError: unknown;
  /** Whether anything was asked of the server. */
  used = false;
  readonly #options: GateOptions;
  readonly #pending = new Set<Promise<unknown>>();
  #refuse: (() => GodwitError) | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: GateOptions) {
    this.session = options.session;
    this.#options = options;
  }

  /** The reason is made when it is needed: its stack costs as much as a small migration. */
  close(reason: () => GodwitError): void {
    this.#refuse ??= reason;
  }

  /** Throws what closed the gate, or what the lock says. */
  check(writes: boolean): void {
    // The lock first: that it is lost says more than that the run has ended.
    if (writes) this.#options.check();
    if (this.#refuse && (writes || this.session)) throw this.#refuse();
    if (writes) this.tally.touched = true;
  }

  /**
   * Runs a call that returns a promise. In a transaction one at a time: the server takes
   * no two commands of a session at once, and who wrote `Promise.all` need not know that
   * there is one.
   */
  async pass<T>(call: Call, run: () => Promise<T>): Promise<T> {
    this.check(call.writes);
    this.used = true;
    const work = this.session ? this.#inTurn(call, run) : this.#perform(call, run);
    this.#pending.add(work);
    try {
      return await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  /** Until calls that nobody awaited have come back. */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  async #perform<T>(call: Call, run: () => Promise<T>): Promise<T> {
    const before = call.writes ? this.#options.around?.(call) : undefined;
    if (before) await before;
    // Again: the turn may have come late.
    this.check(call.writes);
    const result = await this.#noting(run);
    if (call.writes && call.rule.effect) {
      this.tally.add(call.collection, call.rule.effect, call.method, result);
    }
    const after = call.writes ? this.#options.around?.(call) : undefined;
    if (after) await after;
    return result;
  }

  async #noting<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      this.firstError ??= error;
      throw error;
    }
  }

  /** Awaited, not chained, so that a stack leads back to the migration's line. */
  async #inTurn<T>(call: Call, run: () => Promise<T>): Promise<T> {
    const before = this.#queue;
    let done = (): void => {};
    this.#queue = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      return await this.#perform(call, run);
    } finally {
      done();
    }
  }
}
