import { GodwitError } from '../../errors.ts';
import type { PreparedSql } from './prepare-sql.ts';
import type { AnalysedStatement } from './sql/index.ts';
import type { Workplace } from './workplace.ts';

type Statements = Extract<PreparedSql, { mode: 'statements' }>;

const NEEDS_SESSION =
  /^(set\s+(?!local\b|constraints\b|transaction\b)|reset\b|listen\b|unlisten\b|prepare\s+(?!transaction\b)|load\b|discard\b|create\s+(local\s+|global\s+)?temp(orary)?\b|declare\b.*\bwith\s+hold\b|select\s+(pg_catalog\.)?(pg_advisory_lock|pg_try_advisory_lock|set_config)\b)/is;

/**
 * Behind a pooler that gives each transaction another server, what one statement leaves in
 * its session is not there for the next, and is there for somebody else. In one
 * transaction all of it is safe; a file that runs statement by statement needs a session.
 *
 * @throws GodwitError GODWIT_UNSUPPORTED before anything of the file is run
 */
export function refuseSessionState({ store }: Workplace, { source, statements }: Statements): void {
  let found: AnalysedStatement | undefined;
  let alone: AnalysedStatement | undefined;
  for (const statement of statements) {
    if (!statement.inTransaction) alone ??= statement;
    if (statement.block || !NEEDS_SESSION.test(statement.text)) continue;
    found = statement;
    break;
  }
  const statement = found ?? (store.role === undefined ? undefined : alone);
  if (!statement) return;
  const why = found
    ? 'it changes its session'
    : 'it has to be run under a role outside a transaction';
  throw new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${source.file} runs statement by statement, and ${why}: that cannot be done behind a pooler in transaction mode.`,
    {
      where: {
        file: source.file,
        line: statement.line,
        column: statement.column,
        statement: statement.text.slice(0, 500),
      },
      state: 'Nothing of it was run.',
      next: [
        'run it with a URL that leads to the server itself: godwit up --url <direct url>',
        'or put the statement into a file of its own that runs in a transaction',
      ],
    },
  );
}
