import type { Effect } from '../../ports/history.ts';

const effects = new WeakMap<object, Effect>();

/** Notes on an error what the run had done when it was thrown. */
export function withEffect(error: unknown, effect: Effect): unknown {
  if (typeof error === 'object' && error !== null) effects.set(error, effect);
  return error;
}

export function effectOf(error: unknown): Effect | undefined {
  return typeof error === 'object' && error !== null ? effects.get(error) : undefined;
}
