/**
 * A text that is the same for equal values, whatever the order of their keys: options,
 * filters and validators are compared by it. Keys of an index are ordered, and are not.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? 'undefined';
}

function ordered(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof RegExp) return { $regex: value.source, $options: value.flags };
  if (Array.isArray(value)) return value.map(ordered);
  const plain = unwrapped(value);
  if (plain !== undefined) return plain;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, ordered(inner)]),
  );
}

/** BSON's own types, of any copy of the driver: numbers as numbers, others as their text. */
function unwrapped(value: object): unknown {
  const { _bsontype } = value as { _bsontype?: unknown };
  if (typeof _bsontype !== 'string') return undefined;
  if (/^(Long|Int32|Double)$/.test(_bsontype)) return Number(value);
  if (_bsontype === 'BSONRegExp') {
    const { pattern, options } = value as { pattern?: string; options?: string };
    return { $regex: pattern, $options: options };
  }
  return { [_bsontype]: String(value) };
}

export function same(one: unknown, other: unknown): boolean {
  return canonical(one) === canonical(other);
}
