/**
 * Versions: a number (`001`, `10`), a timestamp with or without separators
 * (`20240115103000`, `2024-01-15T10-30-00`), or dotted numbers (`1.2`).
 */
const LEADING_VERSION =
  /^(\d{4}-\d{2}-\d{2}(?:[T-]\d{2}-\d{2}-\d{2}(?:-?\d{3})?Z?)?|\d+(?:\.\d+)*)(?:(__|_|-|\.)(.*))?$/s;

export interface VersionedName {
  /** Canonical version. */
  readonly version: string;
  /** The rest of the stem, without the separator; may be empty. */
  readonly name: string;
}

/**
 * Splits a file's stem into version and name, or returns undefined when the stem does
 * not begin with digits.
 *
 * @example
 * splitVersionedName('001-add-field'); // { version: '1', name: 'add-field' }
 */
export function splitVersionedName(stem: string): VersionedName | undefined {
  const match = LEADING_VERSION.exec(stem);
  if (!match) return undefined;
  const [, version = '', , name = ''] = match;
  return { version: canonicalVersion(version), name };
}

/** One spelling per version: `001` and `1` are the same, as are both timestamp forms. */
export function canonicalVersion(version: string): string {
  const text = version.trim();
  if (/^\d+(\.\d+)*$/.test(text)) {
    return text.split('.').map(stripZeros).join('.');
  }
  const digits = text.replace(/[-:TZ]/g, '');
  return /^\d+$/.test(digits) ? stripZeros(digits) : text;
}

/**
 * Numeric order (`10` after `9`), dotted parts one by one; versions that are not
 * numbers sort after all that are, by code point.
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const numericA = isNumeric(a);
  const numericB = isNumeric(b);
  if (!numericA || !numericB) {
    if (numericA !== numericB) return numericA ? -1 : 1;
    return a < b ? -1 : 1;
  }
  const partsA = a.split('.');
  const partsB = b.split('.');
  const length = Math.max(partsA.length, partsB.length);
  for (let i = 0; i < length; i++) {
    const order = compareDigits(partsA[i] ?? '', partsB[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function isNumeric(version: string): boolean {
  return /^\d+(\.\d+)*$/.test(version);
}

function stripZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}

/** Digits without leading zeros: the longer is the greater. No 2^53 limit. */
function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
