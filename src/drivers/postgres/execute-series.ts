import type { Job, Outcome, SeriesProgress } from '../../ports/driver.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { SimpleResult } from './connection.ts';
import { completedOf } from './connection.ts';
import { isRetryable, sqlError } from './errors.ts';
import { conclude, execute, type RunMode } from './execute.ts';
import { recordStatements } from './execute-file.ts';
import { type Interrupts, watchInterrupts } from './interrupt.ts';
import { type Piece, prepareSql } from './prepare-sql.ts';
import { rollback, settingsOf, type Workplace } from './workplace.ts';

/** Bounds of one message: what follows a file in it is parsed before the file is run. */
const MOST_FILES = 50;
const MOST_CHARACTERS = 128 * 1024;

/**
 * The server holds results back until its buffer is full, and sends them with a notice:
 * otherwise a slow file would be announced when it is over. A notice, unlike a warning, is
 * not written to the server's log.
 */
const PUSH = "do 'begin raise notice $n$godwit$n$; end'";
const PUSHED = 'godwit';

/** What a file that shares a message would be as a run of its own. */
const MODE: RunMode = {
  transactional: true,
  cancellable: true,
  run: () => Promise.reject(new Error('It is run in its message.')),
};

interface Item {
  readonly job: Job;
  readonly source: SqlText;
  readonly piece: Piece;
}

/**
 * Runs jobs one after the other, each in its own transaction with its record, and stops
 * at the first that does not succeed. Files that need nothing in between share a message,
 * because the way to the server and back is most of what a small file costs: after an
 * error the server skips the rest of a message, so a file never runs on a failed one, and
 * what was committed before it stays committed.
 */
export async function executeSeries(
  place: Workplace,
  jobs: readonly Job[],
  progress: SeriesProgress,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < jobs.length) {
    const rest = jobs.slice(outcomes.length);
    const group = await nextGroup(place, rest);
    const done =
      group.length > 1
        ? await executeGroup(place, group, progress)
        : await executeAlone(place, rest.slice(0, 1), progress);
    outcomes.push(...done);
    const last = outcomes.at(-1);
    const wanted = jobs[outcomes.length];
    if (last === undefined || !succeeded(last) || wanted?.stop.aborted) break;
  }
  return outcomes;
}

/** The files at the head of the series that can share a message. */
async function nextGroup(place: Workplace, jobs: readonly Job[]): Promise<Item[]> {
  const items: Item[] = [];
  if (!place.lock.ofSession || !place.connection.streams) return items;
  let characters = 0;
  for (const job of jobs.slice(0, MOST_FILES)) {
    const item = await groupable(job);
    characters += item?.piece.text.length ?? 0;
    if (item === undefined || characters > MOST_CHARACTERS) break;
    items.push(item);
  }
  return items;
}

async function groupable(job: Job): Promise<Item | undefined> {
  const { step, verify, checkpoint } = job;
  if (step.type !== 'sql' || verify || checkpoint) return undefined;
  try {
    const prepared = await prepareSql(job, step.sql);
    const [piece, more] = prepared.mode === 'transaction' ? prepared.pieces : [];
    if (!piece || more || piece.copyData !== undefined) return undefined;
    return { job, source: step.sql, piece };
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

async function executeGroup(
  place: Workplace,
  items: readonly Item[],
  progress: SeriesProgress,
): Promise<Outcome[]> {
  const group = new Group(items, progress);
  const [first] = items;
  if (!first) return [];
  const interrupts = watchInterrupts(place, first.job, true);
  const notices = place.connection.onNotice;
  place.connection.onNotice = (severity, message) => group.notice(severity, message);
  try {
    await group.send(place, interrupts);
    return group.outcomes;
  } catch (error) {
    await interrupts.dispose();
    return await afterError(place, group, error, progress);
  } finally {
    await interrupts.dispose();
    place.connection.onNotice = notices;
  }
}

/** Finds whose error it was, and does with that file what a run of its own would do. */
async function afterError(
  place: Workplace,
  group: Group,
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
  if (!failed) throw thrown;
  // It met a lock: by itself it may wait, try again, and tell who is in the way.
  if (isRetryable(thrown) && !lost.aborted && !group.stopped) {
    await rollback(place);
    return [...group.outcomes, ...(await executeAlone(place, [failed.job], progress, true))];
  }
  let outcome = await conclude(place, failed.job, MODE, group.place(thrown), group.startedAt);
  progress.end(failed.job, outcome);
  const outcomes = [...group.outcomes, outcome];
  // Of a connection that was cut the server may have done all of the message.
  while (lost.aborted && succeeded(outcome)) {
    const job = jobs[outcomes.length];
    if (!job) break;
    progress.begin(job);
    outcome = await conclude(place, job, MODE, thrown, group.startedAt);
    progress.end(job, outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

/** Files in one message, and how far the server has come with it. */
class Group {
  readonly items: readonly Item[];
  readonly outcomes: Outcome[] = [];
  startedAt = performance.now();
  readonly #progress: SeriesProgress;
  /** Characters of the message before each file's text, and godwit's own statements. */
  readonly #before: { readonly characters: number; readonly own: number }[] = [];
  #seen = 0;
  /** Statements of the message before the current file's BEGIN. */
  #first = 0;
  #durationMs: number | undefined;

  constructor(items: readonly Item[], progress: SeriesProgress) {
    this.items = items;
    this.#progress = progress;
  }

  get stopped(): boolean {
    const job = this.items[0]?.job;
    return job !== undefined && (job.stop.aborted || job.abort.aborted);
  }

  get #current(): Item | undefined {
    return this.items[this.outcomes.length];
  }

  async send(place: Workplace, interrupts: Interrupts): Promise<void> {
    const message = await this.#write(place);
    interrupts.check();
    this.#begin();
    await Promise.race([
      place.connection.simple(message, { keepRows: 1, onResult: (r) => this.#took(r) }),
      interrupts.stopped.catch((reason: unknown) => this.#unlessCancelled(reason)),
    ]);
  }

  notice(severity: string, message: string): void {
    const job = this.#current?.job;
    if (!job || message === PUSHED) return;
    const { run, id, direction } = job.header;
    job.emit({ type: 'run.log', run, id, direction, message: `${severity}: ${message}` });
  }

  /** Whether godwit's own statements before the file failed, such as without PL/pgSQL. */
  isOwn(thrown: unknown): boolean {
    const own = this.#before[this.outcomes.length]?.own ?? 0;
    return (completedOf(thrown) ?? Number.POSITIVE_INFINITY) < this.#first + own;
  }

  /** The error, pointing into the file that it is of. */
  place(thrown: unknown): unknown {
    const item = this.#current;
    const before = this.#before[this.outcomes.length];
    if (!item || !before) return thrown;
    return sqlError(thrown, {
      source: { ...item.source, line: item.piece.line },
      text: item.piece.text,
      column: item.piece.column ?? 1,
      prefixLength: before.characters,
      prefixStatements: this.#first + before.own,
    });
  }

  async #write(place: Workplace): Promise<string> {
    let message = '';
    let characters = 0;
    for (const { job, piece } of this.items) {
      const begin = await place.lock.begin(settingsOf(job));
      const own = message === '' ? begin : [...begin, PUSH];
      const before = own.map((text) => `${text};`).join('');
      const after = recordStatements(place, job, undefined, markerOf(job)).join(';');
      this.#before.push({ characters: characters + lengthOf(before), own: own.length });
      // The line break ends a comment on the file's last line, the semicolon its statement.
      const text = `${before}${piece.text}\n;${after};`;
      characters += lengthOf(text);
      message += text;
    }
    return message;
  }

  /** Called with each statement's result, as it arrives. */
  #took(result: SimpleResult): void {
    const item = this.#current;
    this.#seen += 1;
    if (!item) return;
    if (result.columns[0] === markerOf(item.job)) {
      this.#durationMs = Number(result.rows[0]?.[0] ?? 0);
    } else if (this.#durationMs !== undefined && result.command === 'COMMIT') {
      this.#end(item, this.#durationMs);
    }
  }

  #begin(): void {
    const item = this.#current;
    if (!item) return;
    this.startedAt = performance.now();
    this.#first = this.#seen;
    this.#progress.begin(item.job);
  }

  #end({ job }: Item, durationMs: number): void {
    this.#durationMs = undefined;
    const outcome: Outcome = {
      status: job.header.direction === 'up' ? 'applied' : 'reverted',
      effect: 'complete',
      durationMs,
      transactional: true,
      recorded: true,
    };
    this.outcomes.push(outcome);
    this.#progress.end(job, outcome);
    this.#begin();
  }

  /** A cancelled message ends with the server's own error; only what cannot is not awaited. */
  #unlessCancelled(reason: unknown): Promise<never> {
    const stopOnly = this.items[0]?.job.stop.aborted && !this.items[0].job.abort.aborted;
    return stopOnly ? new Promise<never>(() => undefined) : Promise.reject(reason);
  }
}

/** Names the column by which a file's record is known among the results. */
function markerOf(job: Job): string {
  return `godwit_${job.header.run}`;
}

/** The server counts characters, JavaScript counts UTF-16 units. */
function lengthOf(text: string): number {
  // Plain text, which is nearly all there is, need not be walked through.
  return /[\ud800-\udbff]/.test(text) ? [...text].length : text.length;
}

function succeeded(outcome: Outcome): boolean {
  return outcome.status === 'applied' || outcome.status === 'reverted';
}
