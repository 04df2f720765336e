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
      return `function ${Function.prototype.toString.call(value)}`;
    case 'object':
      return value === null ? 'null' : objectText(value);
    default:
      return String(value);
  }
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
