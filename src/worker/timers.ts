import type { Timers } from '../ports/clock.ts';

/** The real world's time and chance. */
export const realTimers: Timers = {
  now: () => performance.now(),
  date: () => new Date(),
  random: () => Math.random(),
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake, { once: true });
    }),
};
