import type { Io } from './io.ts';

export interface Stops {
  /** First Ctrl-C: finish or roll back the migration (or finish the chunks) under way, then stop. */
  readonly signal: AbortSignal;
  /** Second: stop at once. */
  readonly abort: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

const SAID = [
  "Stopping: what is under way (a migration, a backfill's chunks) is finished or rolled back first. Once more stops it at once.",
  'Stopping at once. Once more ends the process, whatever state that leaves.',
];

/**
 * First SIGINT or SIGTERM stops cleanly, the second at once, the third ends the process
 * with 130.
 *
 * @param say tells people what their signal does
 */
export function listenForStops(io: Io, say: (text: string) => void): Stops {
  const controllers = [new AbortController(), new AbortController()] as const;
  let count = 0;
  const dispose = io.onSignal?.((signal) => {
    const controller = controllers[count];
    const text = SAID[count];
    count += 1;
    if (controller === undefined || text === undefined) return io.exit?.(130);
    say(text);
    controller.abort(signal);
  });
  return {
    signal: controllers[0].signal,
    abort: controllers[1].signal,
    dispose: dispose ?? (() => {}),
  };
}
