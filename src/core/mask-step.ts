import type { CodeStep } from '../ports/migration.ts';

/** A text without the secrets in it. */
export type MaskText = (text: string) => string;

const DEEPEST = 20;

/**
 * What a migration in JavaScript returns and throws is recorded, logged and shown: it comes
 * out of here without secrets, whichever driver runs it.
 */
export function maskStep(run: CodeStep, mask: MaskText | undefined): CodeStep {
  if (mask === undefined) return run;
  return async (call) => {
    try {
      return maskValue(await run(call), mask, 0);
    } catch (thrown) {
      throw maskThrown(thrown, mask);
    }
  };
}

/** Copies only what has something to hide; what is no plain data stays as it is. */
function maskValue(value: unknown, mask: MaskText, depth: number): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value !== 'object' || value === null || depth >= DEEPEST) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => maskValue(item, mask, depth + 1));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, maskValue(item, mask, depth + 1)] as const,
  );
  const changed = entries.some(([key, item]) => item !== (value as Record<string, unknown>)[key]);
  return changed ? Object.fromEntries(entries) : value;
}

/** The same object, whose class and labels others look at. */
function maskThrown(thrown: unknown, mask: MaskText): unknown {
  if (typeof thrown === 'string') return mask(thrown);
  if (typeof thrown !== 'object' || thrown === null) return thrown;
  for (const name of ['message', 'stack', ...Object.keys(thrown)]) {
    const value = (thrown as Record<string, unknown>)[name];
    const isStack = name === 'stack' && typeof value === 'string';
    const clean = isStack ? maskStack(value, mask) : maskValue(value, mask, 0);
    if (clean === value) continue;
    try {
      Object.defineProperty(thrown, name, { value: clean, writable: true, configurable: true });
    } catch {
      return new Error(mask(String((thrown as Error).message)));
    }
  }
  return thrown;
}

const FRAMES = /((?:^[ \t]+at .*:\d+:\d+\)?$\n?)+)/m;

/** The frames stay: a folder may be named as a secret is, and the line is found by them. */
function maskStack(stack: string, mask: MaskText): string {
  const parts = stack.split(FRAMES);
  return parts.map((part, index) => (index % 2 === 0 ? mask(part) : part)).join('');
}
