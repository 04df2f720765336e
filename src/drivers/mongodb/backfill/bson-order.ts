/**
 * The order of BSON types in an index. Comparisons in a query match only values of the
 * same rank as their operand, so a range over several ranks has to name them.
 * https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
 */
const RANKS = [
  ['minKey'],
  ['null'],
  ['int', 'long', 'double', 'decimal'],
  ['string', 'symbol'],
  ['object'],
  ['array'],
  ['binData'],
  ['objectId'],
  ['bool'],
  ['date'],
  ['timestamp'],
  ['regex'],
  ['dbPointer'],
  ['javascript'],
  ['javascriptWithScope'],
  ['maxKey'],
] as const;

export const LAST_RANK = RANKS.length - 1;
export const NUMBER_RANK = 2;
export const OBJECT_RANK = 4;

const BY_BSON_TYPE: Readonly<Record<string, string>> = {
  MinKey: 'minKey',
  MaxKey: 'maxKey',
  Int32: 'int',
  Long: 'int',
  Double: 'int',
  Decimal128: 'int',
  BSONSymbol: 'string',
  Symbol: 'string',
  Binary: 'binData',
  UUID: 'binData',
  ObjectId: 'objectId',
  ObjectID: 'objectId',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  Code: 'javascript',
  DBRef: 'object',
};

const BY_TYPEOF: Readonly<Record<string, string>> = {
  number: 'int',
  bigint: 'int',
  string: 'string',
  boolean: 'bool',
};

export function rankOf(value: unknown): number {
  const type = typeOf(value);
  return RANKS.findIndex((names) => (names as readonly string[]).includes(type));
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const simple = BY_TYPEOF[typeof value];
  if (simple !== undefined) return simple;
  if (value instanceof Date) return 'date';
  if (value instanceof RegExp) return 'regex';
  if (ArrayBuffer.isView(value)) return 'binData';
  if (Array.isArray(value)) return 'array';
  const { _bsontype, scope } = value as { _bsontype?: string; scope?: unknown };
  if (_bsontype === 'Code' && scope !== undefined && scope !== null) return 'javascriptWithScope';
  return BY_BSON_TYPE[_bsontype ?? ''] ?? 'object';
}

/** Names of all types between two ranks, both left out. */
export function typesBetween(low: number, high: number): string[] {
  return RANKS.slice(low + 1, Math.max(high, low + 1)).flat();
}

export function isNaNValue(value: unknown): boolean {
  return rankOf(value) === NUMBER_RANK && /^-?nan$/i.test(String(value));
}

/** Whether an index holds them for the same value; numbers of different types may be. */
export function sameValue(a: unknown, b: unknown, text: (value: unknown) => string): boolean {
  if (rankOf(a) !== rankOf(b)) return false;
  if (rankOf(a) !== NUMBER_RANK) return text(a) === text(b);
  return numberText(a) === numberText(b);
}

/** One text for one number, whatever type holds it. */
function numberText(value: unknown): string {
  const text = String(value);
  if (isNaNValue(value)) return 'NaN';
  const [, sign = '', whole = '', part = '', power = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = `${whole}${part}`.replace(/^0+/, '');
  if (digits === '') return /\d/.test(text) ? '0' : text;
  const trimmed = digits.replace(/0+$/, '');
  const exponent = Number(power) - part.length + (digits.length - trimmed.length);
  return `${sign === '-' ? '-' : ''}${trimmed}e${exponent}`;
}
