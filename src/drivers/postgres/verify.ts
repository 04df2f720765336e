import { GodwitError } from '../../errors.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { Job } from '../../ports/session.ts';
import { callStep, type SqlGate } from './code-context.ts';
import { codeError, fileOf } from './code-error.ts';
import type { SimpleResult } from './connection.ts';
import { isCancelled, isRetryable } from './errors.ts';
import type { Interrupts } from './interrupt.ts';
import { prepareSql } from './prepare-sql.ts';
import { send, sendOwn } from './send.ts';
import type { Workplace } from './workplace.ts';

/**
 * Asks a migration's own question after its work: SQL is good when it finds no row, code
 * when it neither throws nor gives back `false` or rows.
 *
 * @param before statements that have to be sent first, when nothing was sent yet
 * @throws GodwitError GODWIT_VERIFY_FAILED
 */
export async function verifyInTransaction(
  place: Workplace,
  job: Job,
  before: readonly string[],
  interrupts: Interrupts,
  gate?: SqlGate,
): Promise<void> {
  const { verify } = job;
  if (!verify) return;
  if (before.length > 0) await sendOwn(place, before);
  if (verify.type === 'sql') return verifySql(place, job, verify.sql);
  const answer = await callStep(place, job, verify.run, interrupts, gate).catch(
    (error: unknown) => {
      if (error instanceof GodwitError && error.code === 'GODWIT_STOPPED') throw error;
      if (place.connection.lost.aborted || isRetryable(error) || isCancelled(error)) throw error;
      throw verifyThrew(job, codeError(error, verify.body, place.root));
    },
  );
  const rows = rowsOfAnswer(answer);
  if (answer === false || rows.length > 0) {
    throw verifyFailed(job, sampleOf(rows), { file: fileOf(verify.body, place.root) });
  }
}

async function verifySql(place: Workplace, job: Job, source: SqlText): Promise<void> {
  const prepared = await prepareSql({ ...job, transaction: 'auto', checkpoint: undefined }, source);
  const pieces = prepared.mode === 'transaction' ? prepared.pieces : prepared.statements;
  for (const piece of pieces) {
    const { own } = await send(place, { before: [], piece, source, after: [] });
    const found = own.find((result) => result.rowCount > 0 && result.columns.length > 0);
    if (found) {
      throw verifyFailed(job, describeRows(found), { file: source.file, line: source.line });
    }
  }
}

function verifyThrew(job: Job, cause: GodwitError): GodwitError {
  return new GodwitError(
    'GODWIT_VERIFY_FAILED',
    `verify of ${job.header.id} failed: ${cause.message}`,
    {
      cause,
      where: cause.where,
    },
  );
}

function verifyFailed(
  job: Job,
  found: string,
  where: { file?: string | undefined; line?: number },
): GodwitError {
  return new GodwitError(
    'GODWIT_VERIFY_FAILED',
    `What ${job.header.id} did is not what its verify asks for${found ? `: ${found}` : '.'}`,
    { where },
  );
}

export function describeRows({ columns, rows, rowCount }: SimpleResult): string {
  const lines = rows.map((row) =>
    columns.map((name, i) => `${name}=${row[i] ?? 'null'}`).join(' '),
  );
  const more = rowCount > rows.length ? `\n  … and ${rowCount - rows.length} more` : '';
  return `${rowCount} ${rowCount === 1 ? 'row' : 'rows'} found\n  ${lines.join('\n  ')}${more}`;
}

export function rowsOfAnswer(answer: unknown): readonly unknown[] {
  if (Array.isArray(answer)) return answer;
  if (
    typeof answer === 'object' &&
    answer !== null &&
    'rows' in answer &&
    Array.isArray(answer.rows)
  ) {
    return answer.rows;
  }
  return [];
}

export function sampleOf(rows: readonly unknown[]): string {
  if (rows.length === 0) return '';
  const lines = rows.slice(0, 10).map((row) => JSON.stringify(row));
  return `${rows.length} found\n  ${lines.join('\n  ')}`;
}
