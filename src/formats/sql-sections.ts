import { type LongText, longSql } from '../core/text/long-sql.ts';
import { wholePart } from '../core/text/sql-cut.ts';
import type { SqlText, TransactionMode } from '../ports/migration.ts';
import { type SqlComment, type SqlScan, scanSql } from './sql-comments.ts';

export type SectionName = 'up' | 'down' | 'verify';

/** A part of an SQL file that is run on its own, with what its directives say. */
export interface SqlSection {
  readonly text: string;
  /** Of a long file, where `text` would be read from the disk. */
  readonly parts?: SqlText['parts'];
  /** Line of the file on which `text` begins, from 1. */
  readonly line: number;
  readonly transaction: TransactionMode;
  /** Undefined where the file does not say. */
  readonly variables: boolean | undefined;
  /** False when it holds nothing but comments. */
  readonly hasStatement: boolean;
}

export interface SqlFile {
  /** The whole file where it has no section markers. */
  readonly whole: SqlSection | undefined;
  readonly sections: Readonly<Partial<Record<SectionName, SqlSection>>>;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly replaces?: string | undefined;
}

export interface SqlFileError {
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

interface Directives {
  transaction?: TransactionMode;
  variables?: boolean;
}

interface Marker {
  readonly name: SectionName;
  readonly comment: SqlComment;
}

/** Characters. */
const LONG_SECTION = 256 * 1024;

const DIRECTIVE = /^godwit\s*:(.*)$/is;
const FIELD = /^(description|author|replaces)\s*:\s*(.+)$/is;
const WORDS: Readonly<Record<string, Directives>> = {
  transaction: { transaction: 'always' },
  'no-transaction': { transaction: 'never' },
  variables: { variables: true },
  'no-variables': { variables: false },
};

/** Reads section markers, directives and fields of an SQL file, held whole or long. */
export function parseSqlFile(text: string | LongText): SqlFile | { readonly error: SqlFileError } {
  const scan = scanSql(typeof text === 'string' ? [wholePart(text)] : text.parts());
  const markers: Marker[] = [];
  const fields: Fields = {};
  const perSection = new Map<Marker | undefined, Directives>();

  for (const comment of scan.comments) {
    const field = FIELD.exec(comment.text);
    if (field && comment.tokensBefore === 0) readField(fields, field);
    const words = directiveWords(comment);
    if (!words) continue;
    const marker = sectionMarker(words, comment);
    if (marker) {
      const error = checkMarker(marker, markers);
      if (error) return { error };
      markers.push(marker);
      continue;
    }
    const error = addDirectives(words, comment, perSection, markers.at(-1));
    if (error) return { error };
  }
  const before = markers[0]?.comment.tokensBefore ?? 0;
  if (before > 0) return { error: strayStatement(markers[0] as Marker) };
  return { ...buildSections(text, markers, perSection, scan), ...fields };
}

interface Fields {
  description?: string;
  author?: string;
  replaces?: string;
}

function readField(fields: Fields, match: RegExpExecArray): void {
  const key = (match[1] ?? '').toLowerCase() as keyof Fields;
  fields[key] ??= (match[2] ?? '').trim();
}

function directiveWords(comment: SqlComment): string[] | undefined {
  const match = DIRECTIVE.exec(comment.text);
  if (!match) return undefined;
  return (match[1] ?? '')
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}

function sectionMarker(words: readonly string[], comment: SqlComment): Marker | undefined {
  const [word] = words;
  if (words.length !== 1) return undefined;
  return word === 'up' || word === 'down' || word === 'verify'
    ? { name: word, comment }
    : undefined;
}

function checkMarker(marker: Marker, earlier: readonly Marker[]): SqlFileError | undefined {
  const shown = `-- godwit:${marker.name}`;
  const { line } = marker.comment;
  if (!marker.comment.alone) {
    return {
      line,
      message: `the marker ${shown} stands behind a statement`,
      fix: `put ${shown} on a line of its own`,
    };
  }
  const first = earlier.find((other) => other.name === marker.name);
  if (!first) return undefined;
  return {
    line,
    message: `a second ${shown}; the first is on line ${first.comment.line}`,
    fix: `keep one ${shown} section`,
  };
}

function addDirectives(
  words: readonly string[],
  comment: SqlComment,
  perSection: Map<Marker | undefined, Directives>,
  marker: Marker | undefined,
): SqlFileError | undefined {
  const directives = perSection.get(marker) ?? {};
  perSection.set(marker, directives);
  for (const word of words.length > 0 ? words : ['']) {
    const meaning = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (!meaning) return unknownDirective(word, comment);
    for (const key of ['transaction', 'variables'] as const) {
      if (meaning[key] === undefined) continue;
      if (directives[key] !== undefined && directives[key] !== meaning[key]) {
        return contradiction(key, comment);
      }
    }
    Object.assign(directives, meaning);
  }
  return undefined;
}

function unknownDirective(word: string, comment: SqlComment): SqlFileError {
  return {
    line: comment.line,
    message: `unknown directive "${word}" in "-- ${comment.text}"`,
    fix: `write one of: up, down, verify, ${Object.keys(WORDS).join(', ')}`,
  };
}

function contradiction(key: string, comment: SqlComment): SqlFileError {
  return {
    line: comment.line,
    message: `"-- ${comment.text}" contradicts an earlier directive`,
    fix: `keep one of "${key}" and "no-${key}"`,
  };
}

function strayStatement(marker: Marker): SqlFileError {
  return {
    line: marker.comment.line,
    message: `statements stand before the first section marker`,
    fix: `begin the file with -- godwit:up; only comments and directives may stand before it`,
  };
}

function buildSections(
  text: string | LongText,
  markers: readonly Marker[],
  perSection: Map<Marker | undefined, Directives>,
  { tokens, length }: SqlScan,
): Pick<SqlFile, 'whole' | 'sections'> {
  const shared = perSection.get(undefined) ?? {};
  if (markers.length === 0) {
    const whole = typeof text === 'string' ? { text } : longSql(text);
    return { whole: section(whole, 1, shared, tokens > 0), sections: {} };
  }
  const sections: Partial<Record<SectionName, SqlSection>> = {};
  markers.forEach((marker, index) => {
    const following = markers[index + 1]?.comment;
    const body = textOf(text, marker.comment.next, following?.lineStart ?? length);
    const count = (following?.tokensBefore ?? tokens) - marker.comment.tokensBefore;
    const directives = { ...shared, ...perSection.get(marker) };
    sections[marker.name] = section(body, marker.comment.line + 1, directives, count > 0);
  });
  return { whole: undefined, sections };
}

/** Of a long file a section that is not long is held like any other. */
function textOf(
  text: string | LongText,
  from: number,
  to: number,
): Pick<SqlSection, 'text' | 'parts'> {
  if (typeof text === 'string') return { text: text.slice(from, to) };
  const long = longSql(text, from, to);
  return to - from > LONG_SECTION ? long : { text: long.text };
}

function section(
  text: Pick<SqlSection, 'text' | 'parts'>,
  line: number,
  directives: Directives,
  hasStatement: boolean,
): SqlSection {
  const { transaction = 'auto', variables } = directives;
  const says = { line, transaction, variables, hasStatement };
  // A long one is not copied: that would read the text.
  return text.parts ? Object.assign(text, says) : { text: text.text, ...says };
}
