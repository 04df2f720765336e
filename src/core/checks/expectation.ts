import type { Expectation, RoleAction } from '../../ports/checks.ts';

const ACTIONS = ['select', 'insert', 'update', 'delete'] as const;
const NAME = String.raw`(?:"(?:[^"]|"")+"|[^\s".,]+)`;
const SENTENCE = new RegExp(
  String.raw`^\s*(${NAME})\s+(can|cannot|can\s+not|can't)\s+(\w+)\s+(?:from\s+|into\s+)?(?:(${NAME})\.)?(${NAME})\s*(?:\bwith\b\s*(.*))?$`,
  'is',
);
const PART = /^(claims|row)\s*(?=\{)/i;

/** The same in parts, as a config may have it. */
export interface ExpectationParts {
  readonly role: string;
  readonly can?: RoleAction | readonly RoleAction[] | undefined;
  readonly cannot?: RoleAction | readonly RoleAction[] | undefined;
  readonly on: string | readonly string[];
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  readonly row?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads what roles are expected to be able to do.
 *
 * @param input `ROLE can|cannot select|insert|update|delete TABLE [with claims {…}] [with row
 *   {…}]`, or the same in parts, which may name several actions and tables
 * @returns one expectation for each action and table, or what is wrong with the input
 * @example
 * parseExpectation('anon cannot select public.patients');
 */
export function parseExpectation(input: string | ExpectationParts): Expectation[] | string {
  return typeof input === 'string' ? parseSentence(input) : expandParts(input);
}

function parseSentence(text: string): Expectation[] | string {
  const found = SENTENCE.exec(text);
  if (!found) return `"${text}" is no expectation: write "ROLE can|cannot ACTION TABLE"`;
  const [, role = '', verb = '', action = '', schema, table = '', rest = ''] = found;
  const actionName = action.toLowerCase();
  if (!isAction(actionName)) {
    return `"${text}" is no expectation: ${action} is none of ${ACTIONS.join(', ')}`;
  }
  const parts = parseParts(rest);
  if (typeof parts === 'string') return `"${text}" is no expectation: ${parts}`;
  return [
    {
      text: text.trim().replace(/\s+/g, ' '),
      role: unquote(role),
      can: verb.toLowerCase() === 'can',
      action: actionName,
      ...(schema !== undefined && { schema: unquote(schema) }),
      table: unquote(table),
      claims: parts.claims ?? {},
      ...(parts.row && { row: parts.row }),
    },
  ];
}

interface Parts {
  claims?: Record<string, unknown>;
  row?: Record<string, unknown>;
}

/** `claims {…} with row {…}`. */
function parseParts(text: string): Parts | string {
  const parts: Parts = {};
  let rest = text.trim();
  while (rest !== '') {
    const name = PART.exec(rest);
    if (!name) return `"${rest}" is neither claims {…} nor row {…}`;
    const from = name[0].length;
    const end = endOfJson(rest, from);
    const key = (name[1] ?? '').toLowerCase() as 'claims' | 'row';
    try {
      parts[key] = JSON.parse(rest.slice(from, end)) as Record<string, unknown>;
    } catch {
      return `the ${key} are not JSON`;
    }
    rest = rest
      .slice(end)
      .trim()
      .replace(/^(with|and)\b\s*/i, '');
  }
  return parts;
}

function endOfJson(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
  }
  return text.length;
}

function expandParts({
  role,
  can,
  cannot,
  on,
  claims,
  row,
}: ExpectationParts): Expectation[] | string {
  const wanted = [
    ...listOf(can).map((action) => ({ action, can: true })),
    ...listOf(cannot).map((action) => ({ action, can: false })),
  ];
  if (wanted.length === 0) return `the expectation of ${role} says neither can nor cannot`;
  return wanted.flatMap(({ action, can }) =>
    listOf(on).map((name) => ({
      text: sentence(role, can, action, name, claims),
      role,
      can,
      action,
      ...splitName(name),
      claims: claims ?? {},
      ...(row && { row }),
    })),
  );
}

function sentence(
  role: string,
  can: boolean,
  action: string,
  table: string,
  claims: object | undefined,
): string {
  const base = `${role} ${can ? 'can' : 'cannot'} ${action} ${table}`;
  return claims === undefined ? base : `${base} with claims ${JSON.stringify(claims)}`;
}

function splitName(name: string): { schema?: string; table: string } {
  const found = new RegExp(`^(?:(${NAME})\\.)?(${NAME})$`, 's').exec(name);
  if (!found) return { table: name };
  const [, schema, table = name] = found;
  return { ...(schema !== undefined && { schema: unquote(schema) }), table: unquote(table) };
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

function isAction(word: string): word is RoleAction {
  return (ACTIONS as readonly string[]).includes(word);
}
