/** Whether a value can be written down as code that makes the same value. */
export function isWritable(value: unknown): boolean {
  if (value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value))
    return true;
  if (typeof value !== 'object') return false;
  if (value instanceof Date || value instanceof RegExp) return true;
  if (Array.isArray(value)) return value.every(isWritable);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every(isWritable);
}

const WIDTH = 96;

/** A value as JavaScript, on one line where it fits. */
export function literal(value: unknown, indent = ''): string {
  const flat = onOneLine(value);
  if (indent.length + flat.length <= WIDTH) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${literal(item, inner)},\n`).join('');
    return `[\n${items}${indent}]`;
  }
  if (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Date) &&
    !(value instanceof RegExp)
  ) {
    const items = entriesOf(value).map(
      ([key, item]) => `${inner}${key}: ${literal(item, inner)},\n`,
    );
    return `{\n${items.join('')}${indent}}`;
  }
  return flat;
}

function onOneLine(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Date) return `new Date(${quoted(value.toISOString())})`;
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(', ')}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  const items = entriesOf(value).map(([key, item]) => `${key}: ${onOneLine(item)}`);
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
}

function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([key, item]) => [/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key), item]);
}

function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1);
  return `'${inner.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
