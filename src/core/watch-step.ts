import type { CodeStep } from '../ports/migration.ts';

/**
 * Where errors are heard that nothing was waiting for.
 *
 * @returns takes the listener back
 */
export type OnUncaught = (listener: (thrown: unknown) => void) => () => void;

/**
 * A promise that a migration does not await may reject while it runs: the run fails with
 * that, rather than the process ending in the middle of it.
 */
export function watchStep(run: CodeStep, onUncaught: OnUncaught | undefined): CodeStep {
  if (onUncaught === undefined) return run;
  return async (call) => {
    let forget = (): void => {};
    const uncaught = new Promise<never>((_, reject) => {
      forget = onUncaught((thrown) => reject(described(thrown)));
    });
    try {
      return await Promise.race([run(call), uncaught]);
    } finally {
      forget();
    }
  };
}

function described(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return `nothing was waiting for this error: ${String(thrown)}`;
  const value = `nothing was waiting for this error: ${thrown.message}`;
  try {
    return Object.defineProperty(thrown, 'message', { value, writable: true, configurable: true });
  } catch {
    return thrown;
  }
}
