import type { Outcome, SeriesProgress } from '../../ports/session.ts';
import type { SimpleResult } from './connection.ts';
import { completedOf } from './connection.ts';
import { sqlError } from './errors.ts';
import type { Interrupts } from './interrupt.ts';
import { type Item, type Message, PUSHED, RESTORED } from './series-message.ts';
import { rollback, type Workplace } from './workplace.ts';

/** Files in one message, and how far the server has come with it. */
export class Group {
  readonly items: readonly Item[];
  readonly message: Message;
  readonly outcomes: Outcome[] = [];
  startedAt = performance.now();
  readonly #progress: SeriesProgress;
  #seen = 0;
  /** Statements of the message before the current file's BEGIN. */
  #first = 0;
  #durationMs: number | undefined;
  /** Resolves when the server has come to it, so that another can be sent behind it. */
  readonly underWay: Promise<void>;
  #comeToIt!: () => void;
  #sent = false;
  #announced = false;
  #complete = false;
  #answer: Promise<unknown> | undefined;

  constructor(items: readonly Item[], message: Message, progress: SeriesProgress) {
    this.items = items;
    this.message = message;
    this.#progress = progress;
    this.underWay = new Promise((resolve) => {
      this.#comeToIt = resolve;
    });
  }

  get stopped(): boolean {
    const job = this.items[0]?.job;
    return job !== undefined && (job.stop.aborted || job.abort.aborted);
  }

  get #current(): Item | undefined {
    return this.items[this.outcomes.length];
  }

  /** Sends it, unless it was sent ahead, and waits for the end. */
  async send(place: Workplace, interrupts: Interrupts): Promise<void> {
    if (!this.#sent) {
      interrupts.check();
      this.#sent = true;
      const { prepared } = this.message;
      const onTurn = () => this.#announce(place);
      if (prepared) await place.connection.simple(prepared, { onTurn });
      this.#answer = this.#submit(place, { onTurn, ahead: false });
    }
    await Promise.race([
      this.#answer,
      interrupts.stopped.catch((reason: unknown) => this.#unlessCancelled(reason)),
    ]);
  }

  /**
   * Sends it while the server works on the one before: it runs if that comes to its end.
   *
   * @returns false where its turn has come already
   */
  sendAhead(place: Workplace, before: Group): boolean {
    if (this.#sent) return false;
    this.#sent = true;
    const { prepared } = this.message;
    const how = {
      ahead: true,
      onTurn: () => {
        if (before.#complete) this.#announce(place);
      },
    };
    if (prepared) place.connection.simple(prepared, how).catch(ignore);
    this.#answer = this.#submit(place, how);
    this.#answer.catch(ignore);
    return true;
  }

  /** Resolves when the server will do nothing more of it, whatever became of it. */
  async settled(): Promise<void> {
    await this.#answer?.catch(ignore);
  }

  #submit(
    place: Workplace,
    { ahead, onTurn }: { readonly ahead: boolean; readonly onTurn: () => void },
  ): Promise<unknown> {
    const { files, end } = this.message;
    return place.connection.simple(files.map((parts) => parts.join('')).join('') + end, {
      ahead,
      keepRows: 1,
      onTurn: () => {
        onTurn();
        this.#comeToIt();
      },
      onResult: (result) => this.#took(result),
    });
  }

  /** What the server says from now on is about this group. */
  #announce({ connection }: Workplace): void {
    if (this.#announced) return;
    this.#announced = true;
    connection.onNotice = (severity, message) => this.notice(severity, message);
    this.#begin();
  }

  notice(severity: string, message: string): void {
    const job = this.#current?.job;
    if (!job || message === PUSHED) return;
    const { run, id, direction } = job.header;
    job.emit({ type: 'run.log', run, id, direction, message: `${severity}: ${message}` });
  }

  /** Whether godwit's own statements before the file failed, such as without PL/pgSQL. */
  isOwn(thrown: unknown): boolean {
    const own = this.message.own[this.outcomes.length] ?? 0;
    return (completedOf(thrown) ?? Number.POSITIVE_INFINITY) < this.#first + own;
  }

  /** The error, pointing into the file that it is of. */
  place(thrown: unknown): unknown {
    const item = this.#current;
    const index = this.outcomes.length;
    if (!item) return thrown;
    const { files, own } = this.message;
    const before = [...files.slice(0, index).flat(), files[index]?.[0]].join('');
    return sqlError(thrown, {
      source: { file: item.source.file, line: item.piece.line },
      text: item.piece.text,
      column: item.piece.column ?? 1,
      prefixLength: lengthOf(before),
      prefixStatements: this.#first + (own[index] ?? 0),
    });
  }

  /** Puts the session back as it was, when the message did not come to its end. */
  async leave(place: Workplace): Promise<void> {
    if (!this.message.changesSession || place.connection.lost.aborted) return;
    await rollback(place);
    await place.connection.simple(RESTORED.join(';')).catch(() => undefined);
  }

  /** Called with each statement's result, as it arrives. */
  #took(result: SimpleResult): void {
    const item = this.#current;
    this.#seen += 1;
    if (!item) {
      this.#complete = true;
      return;
    }
    if (result.columns[0] === this.message.marker) {
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

function ignore(): void {}

/** The server counts characters, JavaScript counts UTF-16 units. */
function lengthOf(text: string): number {
  return [...text].length;
}
