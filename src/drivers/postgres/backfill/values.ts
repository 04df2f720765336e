import type { Column } from './target.ts';

/** The text that the server reads as this value of that column; null for SQL's null. */
export function valueText(value: unknown, column: Column, embedded: boolean): string | null {
  if (value === null || value === undefined) return null;
  // A transform is given parsed JSON, and so hands it back.
  if (column.kind === 'json') return jsonText(value);
  if (Array.isArray(value) && (column.kind === 'array' || column.kind === 'json-array')) {
    return arrayText(value, column.kind === 'json-array', (item) =>
      scalarText(item, column, embedded),
    );
  }
  return scalarText(value, column, embedded);
}

function scalarText(value: unknown, column: Column, embedded: boolean): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 't' : 'f';
    case 'object':
      return objectText(value as object, column, embedded);
    default:
      throw new TypeError(`The column ${column.name} cannot hold a ${typeof value}.`);
  }
}

function objectText(value: object, column: Column, embedded: boolean): string {
  if (value instanceof Date) {
    // PGlite reads a date as midnight in UTC, pg as midnight here.
    return embedded && column.kind === 'date' ? utcText(value) : localText(value);
  }
  if (value instanceof Uint8Array) {
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  }
  const { toPostgres } = value as { toPostgres?: (prepare: (item: unknown) => unknown) => unknown };
  if (typeof toPostgres === 'function') {
    return scalarText(
      toPostgres.call(value, (item) => item),
      column,
      embedded,
    );
  }
  return jsonText(value);
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? String(item) : item,
  );
}

/** With its offset from UTC, which a column without a time zone leaves out. */
function localText(date: Date): string {
  const year = date.getFullYear();
  if (Number.isNaN(year)) throw new TypeError('An invalid Date cannot be stored.');
  const pad = (n: number, width = 2): string => String(Math.abs(n)).padStart(width, '0');
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${pad(Math.trunc(offset / 60))}:${pad(offset % 60)}`;
  const day = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${day}T${time}${zone}${year > 0 ? '' : ' BC'}`;
}

function utcText(date: Date): string {
  return localText(new Date(date.getTime() + date.getTimezoneOffset() * 60_000)).replace(
    /[+-]\d\d:\d\d/,
    '+00:00',
  );
}

function arrayText(
  values: readonly unknown[],
  ofJson: boolean,
  text: (item: unknown) => string,
): string {
  const items = values.map((item) => {
    if (item === null || item === undefined) return 'NULL';
    if (Array.isArray(item) && !ofJson) return arrayText(item, ofJson, text);
    return quoteItem(ofJson ? jsonText(item) : text(item));
  });
  return `{${items.join()}}`;
}

/** An array of texts as the server reads it. */
export function textArray(values: readonly (string | null)[]): string {
  let text = '';
  for (const value of values) {
    text += text === '' ? '{' : ',';
    text += value === null ? 'NULL' : quoteItem(value);
  }
  return text === '' ? '{}' : `${text}}`;
}

function quoteItem(text: string): string {
  return /["\\]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
