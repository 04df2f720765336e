import type { OnUncaught } from '../../core/watch-step.ts';

/** Shared by all copies of godwit in a process, hence registered. */
const LISTENERS = Symbol.for('godwit.uncaught');

type Listener = Parameters<OnUncaught>[0];
const shared = globalThis as { [LISTENERS]?: Set<Listener> };

/** For a migration that is under way. The library listens to nothing of the process by itself. */
export const onUncaught: OnUncaught = (listener) => {
  shared[LISTENERS] ??= new Set();
  const listeners = shared[LISTENERS];
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** @returns whether a migration was under way, which fails now */
export function tellUncaught(thrown: unknown): boolean {
  const listeners = [...(shared[LISTENERS] ?? [])];
  for (const listener of listeners) listener(thrown);
  return listeners.length > 0;
}
