import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { Objection } from '../../../ports/checks.ts';
import type { PostgresContext, SqlClient } from '../../../ports/context.ts';
import type { CodeStep, Migration } from '../../../ports/migration.ts';
import type { JobStep } from '../../../ports/session.ts';
import { codeError } from '../code-error.ts';
import { describeRows, rowsOfAnswer, sampleOf } from '../verify.ts';
import { callReadOnly } from './call.ts';
import type { Asking } from './checks.ts';
import { runReadOnly } from './rows.ts';

/** Whether what a migration's verify asks for is still so. */
export async function askVerify(
  asking: Asking,
  migration: Migration,
  step: JobStep,
  variables: Readonly<Record<string, string>>,
): Promise<Objection | undefined> {
  if (step.type === 'sql') {
    const { file, line } = step.sql;
    const results = await runReadOnly(asking, step.sql, variables);
    if (!Array.isArray(results)) return results;
    const found = results.find(({ rowCount, columns }) => rowCount > 0 && columns.length > 0);
    return found && { message: describeRows(found), where: { file, line } };
  }
  const where = { file: step.body.verifyFile ?? migration.file };
  try {
    const answer = await callReadOnly(asking, (client) =>
      callVerify(asking, migration, step.run, client, variables),
    );
    const rows = rowsOfAnswer(answer);
    if (answer !== false && rows.length === 0) return undefined;
    return { message: rows.length > 0 ? sampleOf(rows) : 'it gave back false', where };
  } catch (error) {
    if (asking.connection.lost.aborted) throw error;
    const cause = error instanceof GodwitError ? error : codeError(error, step.body, asking.root);
    const { file = where.file, line } = cause.where ?? {};
    return { message: thrownMessage(cause), where: { file, line } };
  }
}

function callVerify(
  { driver }: Asking,
  { id, version, name, description }: Migration,
  run: CodeStep,
  client: SqlClient,
  variables: Readonly<Record<string, string>>,
): unknown {
  const ctx: PostgresContext = {
    driver: driver === 'pglite' ? 'pglite' : 'postgres',
    migration: { id, version, name, description },
    run: '',
    direction: 'up',
    signal: new AbortController().signal,
    variables,
    log: () => {},
    backfill: () =>
      Promise.reject(new GodwitError('GODWIT_USAGE', 'A verify only reads: no backfill here.')),
    upsert: () =>
      Promise.reject(new GodwitError('GODWIT_USAGE', 'A verify only reads: no upsert here.')),
    client,
    query: client.query,
  };
  return run({ ctx, positional: [client, ctx] });
}
