import { ScriptLexer } from '../core/text/script-lexer.ts';
import { SqlReader } from '../core/text/sql-reader.ts';
import type { Finding } from '../ports/finding.ts';
import type { LintFile } from './file.ts';
import type { Found } from './rule.ts';

/** A comment that switches findings off, and where. */
interface Directive {
  readonly codes: readonly string[];
  readonly from: number;
  readonly to: number;
}

interface Comment {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const DIRECTIVE = /godwit-lint\s*:\s*([^\n]*)/i;
const WORDS = /^(off|off-file)\s+([\w/*-]+(?:\s*,\s*[\w/*-]+)*)(?:\s+(.*))?$/i;

/**
 * What comments switch off: `-- godwit-lint: off CODE reason` the statement that it stands in
 * or before (in a script: its line, or the next), `off-file` the whole file.
 */
export function readDirectives({ text, language }: LintFile): {
  readonly hides: (finding: Finding) => boolean;
  readonly mistakes: readonly Found[];
} {
  const directives: Directive[] = [];
  const mistakes: Found[] = [];
  const mentioned = language !== 'data' && /godwit-lint/i.test(text);
  for (const comment of mentioned ? commentsOf(text, language === 'sql') : []) {
    const said = DIRECTIVE.exec(comment.text)?.[1]?.replace(/\*\/$/, '').trim();
    if (said === undefined) continue;
    const line = lineOf(text, comment.start);
    const words = WORDS.exec(said);
    if (!words) {
      mistakes.push(mistake(said, line));
      continue;
    }
    const codes = (words[2] ?? '').split(',').map((code) => code.trim());
    const whole = words[1]?.toLowerCase() === 'off-file';
    const reach = whole ? [0, Number.MAX_SAFE_INTEGER] : reachOf(text, language, comment);
    directives.push({ codes, from: reach[0] ?? 0, to: reach[1] ?? 0 });
  }
  const hides = ({ code, where }: Finding): boolean =>
    directives.some(({ codes, from, to }) => {
      const here = where.line === undefined || (where.line >= from && where.line <= to);
      return here && codes.some((one) => matches(one, code));
    });
  return { hides, mistakes };
}

/** squawk's and secretlint's rules may be named without their prefix; `*` is any of them. */
function matches(wanted: string, code: string): boolean {
  if (wanted === code || code.endsWith(`/${wanted}`)) return true;
  return wanted.endsWith('*') && code.startsWith(wanted.slice(0, -1));
}

function mistake(said: string, line: number): Found {
  return {
    where: { line },
    message: `"godwit-lint: ${said.slice(0, 80)}" is not understood, and switches nothing off.`,
    fix: '-- godwit-lint: off CODE why it is no danger here',
  };
}

function* commentsOf(text: string, sql: boolean): Generator<Comment> {
  const lexer = sql ? new SqlReader(text) : new ScriptLexer(text);
  while (lexer.next()) {
    const { start, end } = lexer;
    if (lexer.kind === 'comment') yield { text: text.slice(start, end), start, end };
  }
}

/** From the comment's line to the end of the statement, or of the next line with code. */
function reachOf(text: string, language: LintFile['language'], comment: Comment): number[] {
  const line = lineOf(text, comment.start);
  if (language === 'sql') return reachOfSql(text, comment, line);
  const before = text.slice(text.lastIndexOf('\n', comment.start - 1) + 1, comment.start);
  if (before.trim() !== '') return [line, line];
  const rest = text.slice(comment.end);
  const lexer = new ScriptLexer(rest);
  do lexer.next();
  while (lexer.kind === 'comment');
  return [line, lineOf(text, comment.end + lexer.start)];
}

function reachOfSql(text: string, comment: Comment, line: number): number[] {
  const reader = new SqlReader(text);
  let begun = -1;
  let end = -1;
  while (reader.next()) {
    if (reader.kind === 'space' || reader.kind === 'comment') continue;
    if (reader.kind !== 'semicolon') {
      if (begun < 0) begun = reader.start;
      end = reader.end;
      continue;
    }
    // A comment behind the semicolon on the same line belongs to what it follows.
    const trailing = comment.start >= end && lineOf(text, reader.start) === line;
    if (begun >= 0 && (end > comment.start || trailing)) break;
    begun = -1;
  }
  if (begun < 0) return [line, line];
  return [Math.min(line, lineOf(text, begun)), Math.max(line, lineOf(text, end))];
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
