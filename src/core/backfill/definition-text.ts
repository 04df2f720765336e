/**
 * A definition's part as text that is the same whenever it means the same: functions by
 * their source, BSON values and dates by what they hold. The order of keys counts, because
 * databases take it to mean something.
 */
export function definitionText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return `function ${sourceOf(value as Callable)}`;
    case 'object':
      return value === null ? 'null' : objectText(value);
    default:
      return String(value);
  }
}

type Callable = (...args: never[]) => unknown;

// Known by name: a migration's godwit may be another copy than the command line's.
const SOURCE = Symbol.for('godwit.source');

/** A function's source; of one of godwit's own around somebody's, the source of that. */
export function sourceOf(work: Callable): string {
  const { [SOURCE]: source } = work as { [SOURCE]?: unknown };
  return typeof source === 'string' ? source : Function.prototype.toString.call(work);
}

/**
 * Lets a function of godwit's be told by the one that it is around: a backfill that was
 * begun goes on with another version of godwit, and not with another function.
 */
export function around<Work extends Callable>(inner: Callable, work: Work): Work {
  return Object.defineProperty(work, SOURCE, { value: sourceOf(inner) });
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(definitionText).join()}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof URL) return `URL(${value.href})`;
  if (value instanceof Uint8Array) return `bytes(${[...value].join()})`;
  if ('_bsontype' in value) return `${String(value._bsontype)}(${JSON.stringify(value)})`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${definitionText(item)}`).join()}}`;
}
