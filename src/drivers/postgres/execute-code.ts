import { GodwitError } from '../../errors.ts';
import type { CodeBody, CodeStep } from '../../ports/migration.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { withAttempts } from './attempts.ts';
import { callStep } from './code-context.ts';
import { codeError } from './code-error.ts';
import { firstCause, PlainGate, TransactionGate } from './code-gate.ts';
import { recordStatements } from './execute-file.ts';
import type { Interrupts } from './interrupt.ts';
import { sendOwn } from './send.ts';
import { verifyInTransaction } from './verify.ts';
import { appliedStatus, cleanSession, rollback, settingsOf, type Workplace } from './workplace.ts';

export interface CodeWork {
  readonly run: CodeStep;
  readonly body: CodeBody;
}

/** Code and its record in one transaction, which begins with the first query. */
export function executeCode(
  place: Workplace,
  job: Job,
  { run, body }: CodeWork,
  interrupts: Interrupts,
): Promise<Outcome> {
  return withAttempts(place, job, interrupts, async () => {
    const started = performance.now();
    const settings = [...settingsOf(job), 'set local idle_in_transaction_session_timeout=0'];
    const begin = async (): Promise<void> => {
      await sendOwn(place, await place.lock.begin(settings));
    };
    const gate = new TransactionGate(place, job, interrupts, begin);
    try {
      const result = resultOf(await callStep(place, job, run, interrupts, gate));
      await verifyInTransaction(place, job, [], interrupts, gate);
      gate.close();
      interrupts.check();
      const before = gate.hasBegun ? [] : await place.lock.begin(settings);
      await sendOwn(place, [...before, ...recordStatements(place, job, { result })]);
      return {
        status: appliedStatus(job),
        effect: 'complete',
        durationMs: Math.round(performance.now() - started),
        transactional: true,
        recorded: true,
        ...(result !== undefined && { result }),
      };
    } catch (error) {
      gate.close();
      throw codeError(firstCause(error, gate), body, place.root);
    }
  });
}

/**
 * Code outside a transaction: `started` before, `ended` behind. The first Ctrl-C lets it
 * finish, because there is nothing to roll it back with.
 */
export async function runCodeOutside(
  place: Workplace,
  job: Job,
  { run, body }: CodeWork,
  interrupts: Interrupts,
): Promise<unknown> {
  const gate = new PlainGate(place, job, interrupts);
  try {
    const result = resultOf(await callStep(place, job, run, interrupts, gate));
    if (place.connection.state !== 'I') {
      throw new GodwitError(
        'GODWIT_MIGRATION_FAILED',
        `${job.header.id} began a transaction and did not end it; it was rolled back.`,
      );
    }
    await verifyInTransaction(place, job, [], interrupts, gate);
    return result;
  } catch (error) {
    throw codeError(error, body, place.root);
  } finally {
    gate.close();
    await rollback(place);
    if (!place.connection.lost.aborted) await sendOwn(place, cleanSession(place));
  }
}

/** A result set is no result: what was asked is not what was done. */
function resultOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('rowCount' in answer)) return answer;
  return { rowCount: answer.rowCount, ...('command' in answer && { command: answer.command }) };
}
