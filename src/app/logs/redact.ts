import { redactUrl } from '../../config/url.ts';
import { SECRET_NAME } from '../../core/text/hide-secrets.ts';

const HIDDEN = '***';
const LONGEST_TEXT = 16_000;
const MOST_ITEMS = 200;
const DEEPEST = 8;
const SHORTEST_SECRET = 6;

/** What looks like a secret wherever it stands, and what of it may stay. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // JWTs, such as Supabase's old keys.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, HIDDEN],
  [/\b(sb_(?:secret|publishable)_)[\w-]+/g, `$1${HIDDEN}`],
  [/\b((?:sk|rk|pk)_(?:live|test)_)\w+/g, `$1${HIDDEN}`],
  [/\b(gh[oprsu]_|github_pat_|xox[abprs]-|npm_)[\w-]{10,}/g, `$1${HIDDEN}`],
  [/\bAKIA[A-Z0-9]{16}\b/g, HIDDEN],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${HIDDEN}`],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  // `ALTER ROLE app PASSWORD '…'`, and connection strings of keywords.
  [
    /\b(password|passwd|pwd|secret|token|api[-_]?key)(\s*[=:]\s*|\s+)(E?'(?:[^'\\]|''|\\.)*'|"[^"]*")/gi,
    `$1$2${HIDDEN}`,
  ],
  [/\b(password|passwd|pwd|secret|token|api[-_]?key)(\s*=\s*)[^\s'",;&)]+/gi, `$1$2${HIDDEN}`],
];

const URL_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s'"`<>]+/gi;

/** Hides secrets in anything that is about to be written down. */
export type Redact = (value: unknown) => unknown;

/**
 * @param secrets values that are known to be secret, hidden wherever they stand
 * @returns a function that copies plain data with its secrets replaced by `***`, and cuts
 * what is longer than a log line should be
 * @example
 * createRedact([])({ note: 'postgres://app:hidden@db/shop' }); // { note: 'postgres://app:***@db/shop' }
 */
export function createRedact(secrets: readonly string[]): Redact {
  const mask = createMask(secrets);
  const text = (value: string): string =>
    mask(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= DEEPEST) return '…';
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof Error) return { name: value.name, message: text(value.message) };
    if (Array.isArray(value)) {
      const items = value.slice(0, MOST_ITEMS).map((item) => copy(item, depth + 1));
      return value.length > MOST_ITEMS ? [...items, `… ${value.length - MOST_ITEMS} more`] : items;
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return copy(value.toJSON(), depth + 1);
    }
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, MOST_ITEMS)
        .map(([key, item]) => [key, isSecret(key, item) ? HIDDEN : copy(item, depth + 1)]),
    );
  };
  return (value) => copy(value, 0);
}

/** The same for one text, which is not cut. */
export function createMask(secrets: readonly string[]): (text: string) => string {
  const known = [...new Set(secrets.flatMap(spellings))]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (value) => {
    let clean = value;
    for (const secret of known) clean = clean.replaceAll(secret, HIDDEN);
    if (clean.includes('://')) clean = clean.replace(URL_TEXT, redactUrl);
    for (const [pattern, kept] of PATTERNS) clean = clean.replace(pattern, kept);
    return clean;
  };
}

/** Values of variables that are named as secrets are; but `PWD` is where a shell stands. */
export function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && SECRET_NAME.test(name) && name !== 'PWD' ? [value] : [],
  );
}

function isSecret(key: string, value: unknown): boolean {
  return (typeof value === 'string' || typeof value === 'number') && SECRET_NAME.test(key);
}

/** As it is, and as it stands in a URL. */
function spellings(secret: string): string[] {
  try {
    return [secret, encodeURIComponent(secret), decodeURIComponent(secret)];
  } catch {
    return [secret];
  }
}
