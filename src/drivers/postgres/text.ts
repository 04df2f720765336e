import { createHash } from 'node:crypto';

/** An identifier, quoted. */
export function ident(name: string): string {
  return `"${name.replaceAll('\u0000', '').replaceAll('"', '""')}"`;
}

/** A name that may carry a schema before a dot, quoted part by part. */
export function qualified(name: string): string {
  return name.split('.').map(ident).join('.');
}

/** Nearly every text has none of these. */
const SPECIAL = /['\\\0]/;

/**
 * A literal that reads the same whatever `standard_conforming_strings` says, because the
 * file that ran before may have changed it.
 */
export function literal(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value === 'boolean') return String(value);
  if (!SPECIAL.test(value)) return `'${value}'`;
  const text = `'${value.replaceAll('\u0000', '\ufffd').replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${text.replaceAll('\\', '\\\\')}` : text;
}

/** A jsonb literal; SQL's null for undefined. */
export function jsonLiteral(value: unknown): string {
  return value === undefined ? 'null' : `${literal(toJson(value))}::jsonb`;
}

/**
 * JSON that jsonb accepts: no NUL, no half of a surrogate pair, no bigint. What cannot be
 * written as JSON at all (a cycle) is written as text.
 */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, jsonValue) ?? 'null';
  } catch {
    return JSON.stringify(String(value));
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'string') return value;
  return value.replace(/\u0000|\p{Surrogate}/gu, '\ufffd');
}

/** Hex SHA-256. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
