import { GodwitError, type Place } from '../errors.ts';
import type { SqlText } from '../ports/migration.ts';
import type { SqlPart } from '../ports/sql-part.ts';
import { cutSql } from './text/sql-cut.ts';
import { SqlLexer } from './text/sql-lexer.ts';

const VARIABLE = /(\\?)\$\{([A-Za-z_][\w.-]*)\}/g;

/**
 * Puts the project's variables into SQL: `${name}` becomes the value as it is, also in
 * strings and in the bodies of functions. Comments are left alone.
 *
 * `\${name}` stays in the SQL as `${name}`. A backslash, because `$$${name}$$` is a
 * dollar quote around a variable; the `$` of a dollar quote never begins one.
 *
 * @param text SQL
 * @param variables values by name
 * @param place file, and where in it `text` begins, for the error
 * @throws GodwitError GODWIT_VARIABLE_MISSING at the first name that has no value
 * @example
 * substituteVariables('grant all on ${schema}.t to app', { schema: 'shop' }, {});
 * // 'grant all on shop.t to app'
 */
export function substituteVariables(
  text: string,
  variables: Readonly<Record<string, string>>,
  place: Pick<Place, 'file' | 'line' | 'column'>,
): string {
  if (!text.includes('${')) return text;
  const missing: { readonly name: string; readonly offset: number }[] = [];
  const replace = (from: number, to: number): string =>
    text.slice(from, to).replace(VARIABLE, (found, backslash: string, name: string, at: number) => {
      if (backslash) return found.slice(1);
      if (Object.hasOwn(variables, name)) return variables[name] as string;
      missing.push({ name, offset: from + at });
      return found;
    });

  let result = '';
  let done = 0;
  for (const [start, end] of untouchable(text)) {
    result += replace(done, start) + text.slice(start, end);
    done = end;
  }
  result += replace(done, text.length);
  if (missing.length > 0) throw missingVariables(text, missing, place);
  return result;
}

/**
 * The SQL as it will be sent: with its variables replaced, if it has them replaced.
 *
 * @throws GodwitError GODWIT_VARIABLE_MISSING
 */
export function withVariables(sql: SqlText, variables: Readonly<Record<string, string>>): SqlText {
  if (!sql.variables) return sql;
  const { file, line, transaction, parts } = sql;
  const rest = { file, line, transaction, variables: false };
  if (!parts) return { ...rest, text: substituteVariables(sql.text, variables, sql) };
  // A value may hold more than one statement: what it gives is cut once more.
  const chunks = () => substituteParts(parts(), variables, sql);
  return {
    ...rest,
    get text() {
      return [...chunks()].join('');
    },
    parts: () => cutSql(chunks()),
  };
}

function* substituteParts(
  parts: Iterable<SqlPart>,
  variables: Readonly<Record<string, string>>,
  { file, line }: Pick<Place, 'file' | 'line'>,
): Generator<string, void> {
  for (const { text, line: below, column } of parts) {
    const at = { file, line: (line ?? 1) + below - 1, column };
    yield substituteVariables(text, variables, at);
  }
}

/** Comments, and the delimiters of dollar quotes. */
function untouchable(text: string): [number, number][] {
  const ranges: [number, number][] = [];
  const lexer = new SqlLexer(text);
  while (lexer.next()) {
    const { kind, start, end } = lexer;
    if (kind === 'comment') ranges.push([start, end]);
    if (kind === 'dollar') {
      const tag = text.indexOf('$', start + 1) + 1 - start;
      ranges.push([start, start + tag]);
      if (end - start >= 2 * tag) ranges.push([end - tag, end]);
    }
  }
  return ranges;
}

function missingVariables(
  text: string,
  missing: readonly { readonly name: string; readonly offset: number }[],
  place: Pick<Place, 'file' | 'line' | 'column'>,
): GodwitError {
  const { offset, name } = missing[0] as { name: string; offset: number };
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = (place.line ?? 1) + before.split('\n').length - 1;
  const names = [...new Set(missing.map((each) => each.name))];
  const where = place.file === undefined ? `line ${line}` : `${place.file}:${line}`;
  return new GodwitError(
    'GODWIT_VARIABLE_MISSING',
    `No value for ${names.map((each) => `\${${each}}`).join(', ')} (${where}).`,
    {
      where: {
        ...(place.file !== undefined && { file: place.file }),
        line,
        column: offset - lineStart + (lineStart === 0 ? (place.column ?? 1) : 1),
      },
      next: [
        `--var ${name}=VALUE`,
        `Add ${name} to \`variables\` in the config.`,
        `Write \\\${${name}} where the text is meant as it stands.`,
      ],
    },
  );
}
