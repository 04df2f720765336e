import { setImmediate } from 'node:timers/promises';
import { GodwitError } from '../../errors.ts';
import type { NewHistoryEvent } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import { withEffect } from './effect.ts';
import type { RunMode } from './execute.ts';
import { recordEnd } from './execute-outside.ts';
import type { Interrupts } from './interrupt.ts';
import { EMPTY_PREFIX, extendPrefix } from './prefix.ts';
import type { PreparedSql } from './prepare-sql.ts';
import { sendOwn } from './send.ts';
import { refuseSessionState } from './session-state.ts';
import { type Known, StatementRunner } from './statement-runner.ts';
import { verifyInTransaction } from './verify.ts';
import {
  appliedStatus,
  cleanSession,
  enterSession,
  rollback,
  type Workplace,
} from './workplace.ts';

type Statements = Extract<PreparedSql, { mode: 'statements' }>;

/** A file outside a transaction: statement by statement, with a checkpoint after each. */
export function executeStatements(place: Workplace, job: Job, file: Statements): RunMode {
  return {
    transactional: false,
    cancellable: true,
    run: (interrupts) => runStatements(place, job, file, interrupts),
  };
}

async function runStatements(
  place: Workplace,
  job: Job,
  file: Statements,
  interrupts: Interrupts,
): Promise<Outcome> {
  const started = performance.now();
  const from = job.checkpoint?.statements ?? 0;
  let known: Known;
  try {
    known = await lookThrough(job, file);
    if (!place.keepsSession) refuseSessionState(place, file);
  } catch (error) {
    throw withEffect(error, from > 0 ? 'partial' : 'none');
  }
  await appendEvents(place, openingEvents(job), []);
  const runner = new StatementRunner(place, job, file, interrupts, known);
  try {
    await enterSession(place);
    await runner.run(from, job.checkpoint?.before === true);
    await verifyInTransaction(place, job, [], interrupts);
  } catch (error) {
    await rollback(place);
    throw withEffect(error, runner.touched || from > 0 ? 'partial' : 'none');
  } finally {
    runner.close();
    if (!place.connection.lost.aborted && place.keepsSession) {
      await sendOwn(place, cleanSession(place));
    }
  }
  const outcome: Outcome = {
    status: appliedStatus(job),
    effect: 'complete',
    durationMs: Math.round(performance.now() - started),
    transactional: false,
    recorded: true,
  };
  await recordEnd(place, job, outcome);
  return outcome;
}

/** A second interruption must not forget where the first one was. */
function openingEvents(job: Job): NewHistoryEvent[] {
  const started = { ...job.header, event: 'started', resume: 'checkpoint' } as const;
  if (!job.checkpoint) return [started];
  return [started, { ...job.header, event: 'checkpoint', ...job.checkpoint }];
}

/** Statements. */
const BREATH = 1_000;

const SETS = /^set\s+(?:session\s+)?(?!local\b)(\w+)/i;

/**
 * What has to be known of a file before it is run or gone on with, in one pass.
 *
 * @throws GodwitError GODWIT_MODIFIED when what was done before is no longer in the file
 */
async function lookThrough(
  { checkpoint, header }: Job,
  { statements, source }: Statements,
): Promise<Known> {
  const done = checkpoint?.statements ?? 0;
  const sets = new Set<string>();
  let prefix = EMPTY_PREFIX;
  let count = 0;
  for (const statement of statements) {
    const name = SETS.exec(statement.text)?.[1];
    if (name !== undefined) sets.add(name.toLowerCase());
    if (count++ < done) prefix = extendPrefix(prefix, statement);
    // Of a long file: others get their turn in between.
    if (count % BREATH === 0) await setImmediate();
  }
  if (!checkpoint || (done <= count && prefix === checkpoint.prefix)) return { sets, prefix };
  throw new GodwitError(
    'GODWIT_MODIFIED',
    `${header.id} stopped after ${done} of its statements, and those were changed since: it is not known where to go on.`,
    {
      where: { file: source.file },
      state: 'Nothing more was run; what was done before is still there.',
      next: [
        'put the statements that were done back as they were, then: godwit up',
        `or finish it by hand, then: godwit mark ${header.id} applied`,
      ],
    },
  );
}
