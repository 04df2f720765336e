import type { ErrorInfo } from '../../errors.ts';
import type { RunHeader } from '../../ports/history.ts';
import type { Job, Outcome, SeriesProgress, Unsettled } from '../../ports/session.ts';
import { completedOf } from './connection.ts';
import { isRetryable, refusesTransaction } from './errors.ts';
import { conclude, execute, type RunMode } from './execute.ts';
import { stoppedError, watchInterrupts } from './interrupt.ts';
import { prepareSql } from './prepare-sql.ts';
import { Ahead } from './series-ahead.ts';
import { Group } from './series-group.ts';
import { type Item, writeMessage } from './series-message.ts';
import { isPlain } from './sql/index.ts';
import { rollback, type Workplace } from './workplace.ts';

/** Bounds of one message: what follows a file in it is parsed before the file is run. */
const FIRST_FILES = 50;
const MOST_FILES = 200;
const MOST_CHARACTERS = 128 * 1024;

/** What a file that shares a message would be as a run of its own. */
const MODE: RunMode = {
  transactional: true,
  cancellable: true,
  run: () => Promise.reject(new Error('It is run in its message.')),
};

/**
 * Runs jobs one after the other, each in its own transaction with its record, and stops
 * at the first that does not succeed. Files that need nothing in between share a message,
 * because the way to the server and back is most of what a small file costs: after an
 * error the server skips the rest of a message, so a file never runs on a failed one, and
 * what was committed before it stays committed.
 *
 * @param unsure told of runs that were announced as done and that a crash took away
 */
export async function executeSeries(
  place: Workplace,
  jobs: readonly Job[],
  progress: SeriesProgress,
  unsure: (unsettled: Unsettled) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const notices = place.connection.onNotice;
  let ahead: Ahead | undefined;
  try {
    while (outcomes.length < jobs.length) {
      const rest = jobs.slice(outcomes.length);
      const group = await (ahead?.group ?? nextGroup(place, rest, progress, outcomes.length));
      ahead = undefined;
      if (group) {
        const { length } = group.items;
        const done = outcomes.length + length;
        const following = rest.slice(length);
        ahead = new Ahead(place, group, () => nextGroup(place, following, progress, done, group));
        outcomes.push(...(await executeGroup(place, { group, ahead, progress, unsure })));
        if (group.outcomes.length < length && !ahead.isWithdrawn) await leave(place, ahead);
        if (ahead.isWithdrawn) ahead = undefined;
      } else {
        outcomes.push(...(await executeAlone(place, rest.slice(0, 1), progress)));
      }
      const last = outcomes.at(-1);
      if (last === undefined || !succeeded(last)) break;
      // What the server has already is asked to stop, where it can be, not left alone.
      if (jobs[outcomes.length]?.stop.aborted && !ahead?.isSent) break;
    }
    return outcomes;
  } finally {
    if (ahead) await leave(place, ahead);
    place.connection.onNotice = notices;
  }
}

/** Puts the session back as it was before a message that was sent ahead in vain. */
async function leave(place: Workplace, ahead: Ahead): Promise<void> {
  const sent = await ahead.withdraw();
  await sent?.leave(place);
}

/**
 * The files at the head of the series that can share a message.
 *
 * @param done files before them: the first message is short, so that the server has work soon
 * @param before the message that they follow
 * @returns undefined where the first is to be run by itself
 */
async function nextGroup(
  place: Workplace,
  jobs: readonly Job[],
  progress: SeriesProgress,
  done: number,
  before?: Group,
): Promise<Group | undefined> {
  const items: Item[] = [];
  if (!place.lock.ofSession || !place.connection.streams) return undefined;
  let characters = 0;
  for (const job of jobs.slice(0, Math.min(Math.max(done, FIRST_FILES), MOST_FILES))) {
    const item = await groupable(job);
    characters += item?.piece.text.length ?? 0;
    if (item === undefined || characters > MOST_CHARACTERS) break;
    items.push(item);
  }
  if (items.length < 2) return undefined;
  return new Group(items, await writeMessage(place, items, before?.message), progress);
}

async function groupable(job: Job): Promise<Item | undefined> {
  const { step, verify, checkpoint } = job;
  if (step.type !== 'sql' || step.sql.parts || verify || checkpoint) return undefined;
  try {
    const prepared = await prepareSql(job, step.sql);
    const [piece, more] = prepared.mode === 'transaction' ? prepared.pieces : [];
    if (!piece || more || piece.copyData !== undefined) return undefined;
    return { job, source: step.sql, piece, plain: isPlain(piece.text) };
  } catch {
    // What is wrong with it is told when its turn comes.
    return undefined;
  }
}

/** @param begun the first of them was announced already */
async function executeAlone(
  place: Workplace,
  jobs: readonly Job[],
  progress: SeriesProgress,
  begun = false,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, job] of jobs.entries()) {
    if (index > 0 || !begun) progress.begin(job);
    const outcome = await execute(place, job);
    progress.end(job, outcome);
    outcomes.push(outcome);
    if (!succeeded(outcome) || job.stop.aborted) break;
  }
  return outcomes;
}

interface Running {
  readonly group: Group;
  readonly ahead: Ahead;
  readonly progress: SeriesProgress;
  readonly unsure: (unsettled: Unsettled) => void;
}

async function executeGroup(
  place: Workplace,
  { group, ahead, progress, unsure }: Running,
): Promise<Outcome[]> {
  const [first] = group.items;
  if (!first) return [];
  const interrupts = watchInterrupts(place, first.job, true);
  try {
    await group.send(place, interrupts);
    return group.outcomes;
  } catch (error) {
    const withdrawn = ahead.withdraw();
    await interrupts.dispose();
    const following = (await withdrawn)?.items ?? [];
    await leave(place, ahead);
    await group.leave(place);
    if (place.connection.lost.aborted) await doubt(place, group, error, unsure);
    return await afterError(place, { group, following }, error, progress);
  } finally {
    await interrupts.dispose();
  }
}

/** The server may have gone down with commits that had not reached its disk. */
async function doubt(
  place: Workplace,
  group: Group,
  thrown: unknown,
  unsure: (unsettled: Unsettled) => void,
): Promise<void> {
  const runs: RunHeader[] = [];
  let error: ErrorInfo | undefined;
  for (const { job } of group.items.slice(0, group.outcomes.length)) {
    const truth = await conclude(place, job, MODE, thrown, group.startedAt);
    if (succeeded(truth)) continue;
    runs.push(job.header);
    error ??= truth.error;
  }
  if (error) unsure({ runs, error });
}

/** Finds whose error it was, and does with that file what a run of its own would do. */
async function afterError(
  place: Workplace,
  { group, following }: { readonly group: Group; readonly following: readonly Item[] },
  thrown: unknown,
  progress: SeriesProgress,
): Promise<Outcome[]> {
  const { lost } = place.connection;
  const jobs = group.items.map((item) => item.job);
  // The server parses a message as a whole: one file's syntax error kept all from running.
  const nothingRan = completedOf(thrown) === 0 && !lost.aborted;
  if (nothingRan && !group.stopped) return executeAlone(place, jobs, progress, true);
  if (group.isOwn(thrown) && !lost.aborted && !group.stopped) {
    await rollback(place);
    const { length } = group.outcomes;
    return [...group.outcomes, ...(await executeAlone(place, jobs.slice(length), progress, true))];
  }
  const failed = group.items[group.outcomes.length];
  // The error came behind the last record, or the connection was lost there.
  if (!failed && !lost.aborted) return group.outcomes;
  // By itself it may wait for a lock and tell who is in the way, or do without a transaction.
  const again = isRetryable(thrown) || refusesTransaction(thrown);
  if (failed && again && !lost.aborted && !group.stopped) {
    await rollback(place);
    return [...group.outcomes, ...(await executeAlone(place, [failed.job], progress, true))];
  }
  // A file that was stopped before it began did not fail, whatever is said of its message.
  const onlyStopped = group.stopped && !lost.aborted && (nothingRan || group.isOwn(thrown));
  const outcomes = [...group.outcomes];
  // Of a connection that was cut the server may have done all that it had been sent.
  const sent = [...jobs, ...following.map((item) => item.job)];
  for (const job of sent.slice(outcomes.length)) {
    const isFirst = job === failed?.job;
    if (!isFirst) progress.begin(job);
    const placed = isFirst ? group.place(thrown) : thrown;
    const error = onlyStopped ? stoppedError() : placed;
    const outcome = await conclude(place, job, MODE, error, group.startedAt);
    progress.end(job, outcome);
    outcomes.push(outcome);
    if (!lost.aborted || !succeeded(outcome)) break;
  }
  return outcomes;
}

function succeeded(outcome: Outcome): boolean {
  return outcome.status === 'applied' || outcome.status === 'reverted';
}
