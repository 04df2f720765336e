import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { detach, hasMatch, inputOf } from '../../../core/text/long-sql.ts';
import type { Finding } from '../../../ports/finding.ts';
import type { SqlText } from '../../../ports/migration.ts';
import type { Connection } from '../connection.ts';
import { StatementScan } from '../sql/index.ts';
import { ident, literal } from '../text.ts';

const CREATE = /^create\s+extension\s+(?:if\s+not\s+exists\s+)?(?:"((?:[^"]|"")+)"|([\w$]+))/i;

interface Wanted {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** Extensions that files create and the server has not got: they could only fail. */
export async function missingExtensions(
  connection: Connection,
  sql: readonly SqlText[],
): Promise<Finding[]> {
  const wanted = sql.flatMap(wantedBy);
  if (wanted.length === 0) return [];
  const names = [...new Set(wanted.map(({ name }) => name))];
  const [result] = await connection.simple(
    `select w.name from pg_catalog.unnest(array[${names.map(literal).join(',')}]::text[]) w (name)
    where not exists (select 1 from pg_catalog.pg_available_extensions a where a.name = w.name)
      and not exists (select 1 from pg_catalog.pg_extension e where e.extname = w.name)`,
  );
  const missing = new Set((result?.rows ?? []).map(([name]) => name));
  return wanted
    .filter(({ name }) => missing.has(name))
    .map(({ name, file, line }) => ({
      code: CHECK_CODES.extension,
      severity: 'error',
      where: { file, line, extension: name },
      message: `${file} needs the extension ${name}, which this server does not have.`,
      fix: `install it on the server (select * from pg_available_extensions where name = ${literal(name)}), or take it out: create extension ${ident(name)}`,
    }));
}

function wantedBy(sql: SqlText): Wanted[] {
  const { file, line } = sql;
  const found: Wanted[] = [];
  try {
    if (!hasMatch(sql, /\bextension\b/i)) return [];
    for (const statement of new StatementScan(inputOf(sql), { file, line }).statements()) {
      const [, quoted, plain] = CREATE.exec(statement.text) ?? [];
      const name = quoted?.replaceAll('""', '"') ?? plain?.toLowerCase();
      if (name !== undefined) found.push({ name: detach(name), file, line: statement.line });
    }
    return found;
  } catch {
    // What is wrong with the file is told when it is run.
    return [];
  }
}
