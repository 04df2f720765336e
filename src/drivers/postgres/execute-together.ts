import { GodwitError } from '../../errors.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import { withAttempts } from './attempts.ts';
import { callStep } from './code-context.ts';
import { codeError } from './code-error.ts';
import { firstCause, TransactionGate } from './code-gate.ts';
import { sqlState } from './connection.ts';
import { asFailure, isCancelled, withoutSecrets } from './errors.ts';
import { failedEvent } from './failed-event.ts';
import { insertEvent } from './history-sql.ts';
import { type Interrupts, watchInterrupts } from './interrupt.ts';
import { mirrorStatements } from './mirror.ts';
import { prepareSql } from './prepare-sql.ts';
import { send, sendOwn } from './send.ts';
import { verifyInTransaction } from './verify.ts';
import { appliedStatus, cleanSession, rollback, settingsOf, type Workplace } from './workplace.ts';

/** All runs and their records in one transaction. One that fails takes all back. */
export async function executeTogether(
  place: Workplace,
  jobs: readonly Job[],
  reorder = false,
): Promise<Outcome[]> {
  const [first] = jobs;
  if (!first) return [];
  const interrupts = watchInterrupts(place, first, true);
  let current = 0;
  const started = performance.now();
  try {
    return await withAttempts(place, first, interrupts, async () => {
      current = 0;
      await sendOwn(place, await place.lock.begin(settingsOf(first)));
      const outcomes = await runAll(place, jobs, interrupts, reorder, (index) => {
        current = index;
      });
      await sendOwn(place, [...place.lock.closing(), 'commit']);
      return outcomes;
    });
  } catch (thrown) {
    await interrupts.dispose();
    await rollback(place);
    const stopped = first.stop.aborted || first.abort.aborted;
    const error = asFailure(thrown);
    const durationMs = Math.round(performance.now() - started);
    if (stopped && (error.code === 'GODWIT_STOPPED' || isCancelled(error) || first.abort.aborted)) {
      return jobs.map(() => undone('stopped', durationMs, undefined, !first.abort.aborted));
    }
    const clean = withoutSecrets(error, first);
    return await recordFailure(place, jobs, Math.min(current, jobs.length - 1), clean, durationMs);
  } finally {
    await interrupts.dispose();
  }
}

async function runAll(
  place: Workplace,
  jobs: readonly Job[],
  interrupts: Interrupts,
  reorder: boolean,
  onBegin: (index: number) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let waiting = [...jobs.keys()];
  while (waiting.length > 0) {
    const later: { readonly index: number; readonly reason: unknown }[] = [];
    for (const index of waiting) {
      interrupts.check();
      onBegin(index);
      const run = () => runInside(place, jobs[index] as Job, interrupts);
      const done = reorder ? await unlessTooEarly(place, run) : await run();
      if ('tooEarly' in done) later.push({ index, reason: done.tooEarly });
      else outcomes[index] = done;
    }
    const [first] = later;
    if (first && later.length === waiting.length) {
      onBegin(first.index);
      throw first.reason;
    }
    waiting = later.map(({ index }) => index);
  }
  return outcomes;
}

/** No such table, function, object, schema, column: a later one may make it. */
const MISSING = new Set(['42P01', '42883', '42704', '3F000', '42703']);

async function unlessTooEarly(
  place: Workplace,
  run: () => Promise<Outcome>,
): Promise<Outcome | { readonly tooEarly: unknown }> {
  await sendOwn(place, ['savepoint godwit_definition']);
  try {
    const outcome = await run();
    await sendOwn(place, ['release savepoint godwit_definition']);
    return outcome;
  } catch (thrown) {
    const cause = thrown instanceof GodwitError ? thrown.cause : thrown;
    if (!MISSING.has(sqlState(cause) ?? '')) throw thrown;
    await sendOwn(place, [
      'rollback to savepoint godwit_definition',
      'release savepoint godwit_definition',
    ]);
    return { tooEarly: thrown };
  }
}

async function runInside(place: Workplace, job: Job, interrupts: Interrupts): Promise<Outcome> {
  const started = performance.now();
  const result = await work(place, job, interrupts);
  const durationMs = Math.round(performance.now() - started);
  const { header, backup, mirrors } = job;
  const status = appliedStatus(job);
  const ended = {
    ...header,
    event: 'ended',
    status,
    effect: 'complete',
    via: 'run',
    durationMs,
    result,
    backup,
  } as const;
  await sendOwn(place, [
    ...cleanSession(place),
    insertEvent(place.store, ended),
    ...mirrorStatements(place.store, mirrors, { header, status, result, durationMs }),
    ...settingsOf(job),
  ]);
  return {
    status,
    effect: 'complete',
    durationMs,
    transactional: true,
    recorded: true,
    ...(result !== undefined && { result }),
  };
}

async function work(place: Workplace, job: Job, interrupts: Interrupts): Promise<unknown> {
  const { step } = job;
  // The plan's transaction is open already, and a file that allows none refuses.
  const inside: Job = { ...job, transaction: 'always', checkpoint: undefined };
  if (step.type === 'sql') {
    const prepared = await prepareSql(inside, step.sql);
    const pieces = prepared.mode === 'transaction' ? prepared.pieces : [];
    for (const piece of pieces) {
      await send(place, { before: [], piece, source: step.sql, after: [] });
    }
    await verifyInTransaction(place, inside, [], interrupts);
    return undefined;
  }
  if (job.transaction === 'never') {
    throw new GodwitError(
      'GODWIT_TRANSACTION_REFUSED',
      `${job.header.id} is declared to run outside a transaction, and the plan runs in one.`,
      { next: ['run it without --single-transaction'] },
    );
  }
  const gate = new TransactionGate(place, job, interrupts, async () => {});
  try {
    const result = await callStep(place, job, step.run, interrupts, gate);
    await verifyInTransaction(place, inside, [], interrupts, gate);
    return result;
  } catch (error) {
    throw codeError(firstCause(error, gate), step.body, place.root);
  } finally {
    gate.close();
  }
}

async function recordFailure(
  place: Workplace,
  jobs: readonly Job[],
  at: number,
  error: GodwitError,
  durationMs: number,
): Promise<Outcome[]> {
  const failing = jobs[at] as Job;
  const failed = undone('failed', durationMs, error.toJSON(), true);
  const recorded = await appendEvents(place, [failedEvent(failing, failed)], []).then(
    () => true,
    () => false,
  );
  return jobs.map((job, i) => {
    if (i === at) return { ...failed, recorded };
    const message = `${job.header.id} was ${i < at ? 'rolled back' : 'not run'}, because ${failing.header.id} failed.`;
    return undone('failed', 0, { code: 'GODWIT_MIGRATION_FAILED', message }, recorded);
  });
}

function undone(
  status: 'failed' | 'stopped',
  durationMs: number,
  error: Outcome['error'],
  recorded: boolean,
): Outcome {
  return {
    status,
    effect: 'none',
    durationMs,
    transactional: true,
    recorded,
    ...(error && { error }),
  };
}
