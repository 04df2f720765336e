import { SqlReader } from '../../core/text/sql-reader.ts';
import type { LintFile } from '../file.ts';
import type { ScriptScan } from '../read-script.ts';
import type { Found, Rule } from '../rule.ts';

/** Names of fields whose value nobody but its owner should know. */
const NAME =
  /^(?:\w*[_-])?(?:password|passwd|passwort|passphrase|pwd|secret|api[_-]?key|private[_-]?key|access[_-]?token)$/i;
const CAMEL = /(?:Password|Passwd|Passphrase|Secret|ApiKey|PrivateKey|AccessToken)$/;
/** A value that is no password: a hash, a placeholder, a type, a name of an environment variable. */
const HARMLESS =
  /^\$(?:2[abxy]?|5|6|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$|^\{[\w-]+\}|^(?:pbkdf2|scrypt|sha\d+|bcrypt|argon2)[_:$]|^[0-9a-f]{32,}$|^(?:string|text|varchar|password|hidden|required|null|undefined|true|false)$|^[$%]?[<{([].*[>})\]]$|^\*+$|^\$[\w{]|^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$|\s\S+\s/i;

/** `password: 'admin123'` in what is put into a database. */
export const plainPassword: Rule = {
  code: 'GODWIT_LINT_PLAIN_PASSWORD',
  always: true,
  *check({ file, script }) {
    if (file.language === 'data') yield* inData(file);
    else if (script) yield* inScript(script);
    else yield* inSql(file);
  },
};

export function isSecretName(name: string): boolean {
  return NAME.test(name) || CAMEL.test(name);
}

function isPlain(value: string): boolean {
  return value.length >= 4 && !HARMLESS.test(value);
}

function* inScript(script: ScriptScan): Generator<Found> {
  const { tokens } = script;
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word' && token.kind !== 'string') continue;
    const name = token.kind === 'word' ? token.text : (script.string(i) ?? '');
    if (!isSecretName(name)) continue;
    const at = valueAt(script, i);
    if (at === undefined) continue;
    const value = script.string(at);
    if (value === undefined || !isPlain(value)) continue;
    const { line, character } = tokens[at] ?? token;
    yield found(name, { line, character });
  }
}

/** `name: value`, `name = value`, and what stands in for a variable that is not set. */
function valueAt(script: ScriptScan, at: number): number | undefined {
  const next = script.text(at + 1);
  const fallback = next === '||' || next === '??';
  if (next !== ':' && next !== '=' && !fallback) return undefined;
  // The value must end there: `'a' + b` or `hash('a')` is another.
  return /^(?:,|;|\}|\)|\]||as|satisfies)$/.test(script.text(at + 3)) ||
    script.tokens[at + 3]?.line !== script.tokens[at + 2]?.line
    ? at + 2
    : undefined;
}

/** Lists of columns and rows: `insert into users (email, password) values ('a', 'b')`. */
function* inSql({ text }: LintFile): Generator<Found> {
  if (!/password|passwd|passwort|passphrase|pwd|secret|key|token/i.test(text)) return;
  for (const statement of statementsOf(text)) {
    yield* inAssignments(statement);
    yield* inInsert(statement);
  }
}

interface Token {
  readonly kind: SqlReader['kind'];
  readonly text: string;
  readonly line: number;
  readonly character: number;
}

function* statementsOf(text: string): Generator<Token[]> {
  const reader = new SqlReader(text);
  let tokens: Token[] = [];
  let [line, lineStart, at] = [1, 0, 0];
  while (reader.next()) {
    const { kind, start, end } = reader;
    if (kind === 'semicolon') {
      yield tokens;
      tokens = [];
      continue;
    }
    if (kind === 'space' || kind === 'comment' || kind === 'copyData') continue;
    for (let next = text.indexOf('\n', at); next >= 0 && next < start; ) {
      line++;
      lineStart = at = next + 1;
      next = text.indexOf('\n', at);
    }
    tokens.push({ kind, text: text.slice(start, end), line, character: start - lineStart + 1 });
  }
  yield tokens;
}

/** `password = 'x'` and `password 'x'` (of a role). Comparisons are not told from assignments. */
function* inAssignments(tokens: readonly Token[]): Generator<Found> {
  for (const [i, token] of tokens.entries()) {
    const name = nameOf(token);
    if (name === undefined || !isSecretName(name)) continue;
    const next = tokens[i + 1];
    const value = next?.text === '=' ? tokens[i + 2] : next;
    if (value?.kind !== 'string' || !isPlain(unquote(value.text))) continue;
    const after = tokens[tokens.indexOf(value) + 1];
    if (after?.text === '||') continue;
    yield found(name, value);
  }
}

function* inInsert(tokens: readonly Token[]): Generator<Found> {
  if (tokens[0]?.text.toLowerCase() !== 'insert') return;
  const open = tokens.findIndex(({ text }) => text === '(');
  const close = tokens.findIndex(({ text }, i) => i > open && text === ')');
  if (open < 0 || close < 0) return;
  const columns = splitList(tokens.slice(open + 1, close)).map((one) => nameOf(one[0]) ?? '');
  const secret = columns.findIndex(isSecretName);
  if (secret < 0) return;
  let at = close + 1;
  for (;;) {
    const begin = tokens.findIndex(({ text }, i) => i >= at && text === '(');
    if (begin < 0) return;
    const end = behind(tokens, begin);
    const [value, ...more] = splitList(tokens.slice(begin + 1, end - 1))[secret] ?? [];
    if (value?.kind === 'string' && more.length === 0 && isPlain(unquote(value.text))) {
      yield found(columns[secret] ?? '', value);
    }
    at = end;
  }
}

function behind(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const text = tokens[i]?.text;
    if (text === '(') depth++;
    else if (text === ')' && --depth === 0) return i + 1;
  }
  return tokens.length;
}

function splitList(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth++;
    else if (token.text === ')') depth--;
    if (token.text === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text;
  return token?.kind === 'quoted' ? token.text.slice(1, -1) : undefined;
}

function unquote(text: string): string {
  return text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'");
}

/** JSON, JSON lines: `"password": "x"`; CSV: the column of that name. */
function* inData({ file, text }: LintFile): Generator<Found> {
  const lines = text.split('\n');
  if (!/\.csv$/i.test(file)) {
    for (const [i, content] of lines.entries()) {
      for (const match of content.matchAll(/"([\w-]+)"\s*:\s*"((?:[^"\\]|\\.)*)"/g)) {
        if (!isSecretName(match[1] ?? '') || !isPlain(match[2] ?? '')) continue;
        yield found(match[1] ?? '', { line: i + 1, character: match.index + 1 });
      }
    }
    return;
  }
  const separator = /[,;\t]/.exec(lines[0] ?? '')?.[0] ?? ',';
  const cells = (content: string): string[] =>
    content.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
  const names = cells(lines[0] ?? '');
  const secret = names.findIndex(isSecretName);
  if (secret < 0) return;
  for (const [i, content] of lines.entries()) {
    const value = i === 0 ? undefined : cells(content)[secret];
    if (value !== undefined && isPlain(value)) {
      yield found(names[secret] ?? '', { line: i + 1, character: 1 });
    }
  }
}

/** The value itself is never repeated. */
function found(name: string, { line, character }: { line: number; character: number }): Found {
  return {
    where: { line, character },
    message: `${name} has its plain value in the file: whoever can read the repository, or a backup of the database, has it.`,
    fix: 'put a hash of it there, or give the real value when it runs: from the environment in code, --var NAME=VALUE in SQL',
  };
}
