import type { SqlText } from '../../ports/migration.ts';
import type { Job, Outcome, SeriesProgress } from '../../ports/session.ts';
import type { SimpleResult } from './connection.ts';
import { completedOf } from './connection.ts';
import { sqlError } from './errors.ts';
import { recordStatements } from './execute-file.ts';
import { executeEnded, insertEndedHere, prepareEnded } from './history-sql.ts';
import type { Interrupts } from './interrupt.ts';
import type { Piece } from './prepare-sql.ts';
import { appliedStatus, cleanSession, rollback, settingsOf, type Workplace } from './workplace.ts';

/**
 * The server holds results back until its buffer is full, and sends them with a notice:
 * otherwise a slow file would be announced when it is over. A notice, unlike a warning, is
 * not written to the server's log.
 */
const PUSH = "do 'begin raise notice $n$godwit$n$; end'";
const PUSHED = 'godwit';

/**
 * Only the last commit of a message waits for the disk, and with it all before it are on
 * the disk too: the log is written in order, work and record side by side. What a crash of
 * the server takes away in between is found out before anything is reported (`settle`).
 */
const LATER = 'set local synchronous_commit=off';

/**
 * So many plain files in a row go through in fewer statements, each of which costs a small
 * file as much as itself: the session has their settings, and the INSERT of their records.
 */
const WORTH_PREPARING = 4;
const RESTORED = [
  'reset lock_timeout',
  'reset statement_timeout',
  'reset synchronous_commit',
  'deallocate all',
];

/** Of the message, for each file. */
const PARTS = 3;

export interface Item {
  readonly job: Job;
  readonly source: SqlText;
  readonly piece: Piece;
  /** It takes no time, and need not be cleaned up after. */
  readonly plain: boolean;
}

/** godwit's statements around a file's. */
interface Around {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Files in one message, and how far the server has come with it. */
export class Group {
  readonly items: readonly Item[];
  readonly outcomes: Outcome[] = [];
  startedAt = performance.now();
  readonly #progress: SeriesProgress;
  /** How many of godwit's own statements stand before each file. */
  readonly #own: number[] = [];
  /** Names the column by which records are known among the results. */
  readonly #marker: string;
  /** The message: for each file what goes before it, its text, and what follows. */
  #parts: readonly string[] = [];
  /**
   * What a row at the head of the message has prepared, sent before it: the server copies
   * the text that a statement was prepared in each time it is executed, and with the files
   * behind it that is 100 kB. Files before a row must not find it there.
   */
  #prepared = '';
  #seen = 0;
  /** Statements of the message before the current file's BEGIN. */
  #first = 0;
  #durationMs: number | undefined;
  /** The session's settings are changed on the way. */
  #changesSession = false;

  constructor(items: readonly Item[], progress: SeriesProgress) {
    this.items = items;
    this.#progress = progress;
    this.#marker = `godwit_${items[0]?.job.header.run ?? ''}`;
  }

  get stopped(): boolean {
    const job = this.items[0]?.job;
    return job !== undefined && (job.stop.aborted || job.abort.aborted);
  }

  get #current(): Item | undefined {
    return this.items[this.outcomes.length];
  }

  async send(place: Workplace, interrupts: Interrupts): Promise<void> {
    interrupts.check();
    this.#begin();
    if (this.#prepared) await place.connection.simple(this.#prepared);
    await Promise.race([
      place.connection.simple(this.#parts.join(''), {
        keepRows: 1,
        onResult: (r) => this.#took(r),
      }),
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
    const own = this.#own[this.outcomes.length] ?? 0;
    return (completedOf(thrown) ?? Number.POSITIVE_INFINITY) < this.#first + own;
  }

  /** The error, pointing into the file that it is of. */
  place(thrown: unknown): unknown {
    const item = this.#current;
    const index = this.outcomes.length;
    if (!item) return thrown;
    const before = this.#parts.slice(0, index * PARTS + 1).join('');
    return sqlError(thrown, {
      source: { file: item.source.file, line: item.piece.line },
      text: item.piece.text,
      column: item.piece.column ?? 1,
      prefixLength: lengthOf(before),
      prefixStatements: this.#first + (this.#own[index] ?? 0),
    });
  }

  /** Writes the message. */
  async write(place: Workplace): Promise<void> {
    const rows = this.#rowsOf(place);
    const parts: string[] = [];
    for (const [index, item] of this.items.entries()) {
      const { before, after } = rows[index]
        ? await this.#inRow(place, index, { begins: !rows[index - 1], ends: !rows[index + 1] })
        : await this.#byItself(place, index);
      this.#own.push(before.length);
      // The line break ends a comment on the file's last line, the semicolon its statement.
      parts.push(before.map((text) => `${text};`).join(''), item.piece.text);
      parts.push(`\n;${after.join(';')};`);
    }
    this.#parts = parts;
  }

  /** Puts the session back as it was, when the message did not come to its end. */
  async leave(place: Workplace): Promise<void> {
    if (!this.#changesSession || place.connection.lost.aborted) return;
    await rollback(place);
    await place.connection.simple(RESTORED.join(';')).catch(() => undefined);
  }

  async #byItself(place: Workplace, index: number): Promise<Around> {
    const { job, plain } = this.items[index] as Item;
    const next = this.items[index + 1];
    const settings = next === undefined ? settingsOf(job) : [...settingsOf(job), LATER];
    const begin = await place.lock.begin(settings);
    const before = index === 0 || plain ? begin : [...begin, PUSH];
    const clean = plain && next?.plain ? [] : cleanSession(place);
    const of = { status: appliedStatus(job), backup: job.backup, column: this.#marker };
    const record = insertEndedHere(place.store, job.header, of);
    return { before, after: recordStatements(place, job, { record, clean }) };
  }

  /** Which of the files stand in a row of plain ones that is worth it. */
  #rowsOf({ owned, store }: Workplace): readonly boolean[] {
    const rows = this.items.map(() => false);
    // A caller's session is no place for it, and a role is taken on for one transaction.
    if (!owned || store.role !== undefined) return rows;
    const settings = this.items.map(({ job, plain }) => plain && job.limits);
    for (let from = 0, to = 0; from < rows.length; from = to) {
      for (to = from + 1; settings[to] === settings[from] && to < rows.length; ) to++;
      if (settings[from] && to - from >= WORTH_PREPARING) rows.fill(true, from, to);
    }
    return rows;
  }

  async #inRow(
    place: Workplace,
    index: number,
    { begins, ends }: { readonly begins: boolean; readonly ends: boolean },
  ): Promise<Around> {
    const { job } = this.items[index] as Item;
    const before = begins ? await this.#beforeRow(place, index, job) : [];
    const record = executeEnded(this.#marker, job.header, appliedStatus(job));
    const isLast = index === this.items.length - 1;
    const commit = ends
      ? [...RESTORED, ...(isLast ? [] : [LATER]), 'commit']
      : ['commit and chain'];
    return { before, after: recordStatements(place, job, { record, clean: [], commit }) };
  }

  async #beforeRow(
    place: Workplace,
    index: number,
    { header, backup, limits }: Job,
  ): Promise<readonly string[]> {
    this.#changesSession = true;
    const settings = [...settingsOf({ limits }), LATER];
    const begin = await place.lock.begin(settings.map((text) => text.replace(/^set local/, 'set')));
    // Those that follow are recorded by the same process, under the same lock and backup.
    const shared = { by: header.by, fence: header.fence, backup };
    const prepared = prepareEnded(place.store, this.#marker, shared);
    if (index > 0) return [...begin, prepared];
    this.#prepared = prepared;
    return begin;
  }

  /** Called with each statement's result, as it arrives. */
  #took(result: SimpleResult): void {
    const item = this.#current;
    this.#seen += 1;
    if (!item) return;
    if (result.columns[0] === this.#marker) {
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

/** The server counts characters, JavaScript counts UTF-16 units. */
function lengthOf(text: string): number {
  return [...text].length;
}
