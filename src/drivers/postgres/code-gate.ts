import { GodwitError } from '../../errors.ts';
import type { SqlResult } from '../../ports/context.ts';
import type { ResumePolicy } from '../../ports/history.ts';
import type { Job } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import type { SqlGate } from './code-context.ts';
import { isServerError, sqlState } from './connection.ts';
import { shorten } from './errors.ts';
import type { Interrupts } from './interrupt.ts';
import { analyse, mayNeedParser } from './sql/index.ts';
import type { Workplace } from './workplace.ts';

const SAVEPOINT = 'godwit_migration';
const BEGIN = /^\s*(begin|start\s+transaction)\b[^;]*;?\s*$/i;
const COMMIT = /^\s*(commit|end)(\s+(work|transaction))?\s*;?\s*$/i;
const ROLLBACK = /^\s*(rollback|abort)(\s+(work|transaction))?\s*;?\s*$/i;

/** The way from a migration's code to the server. */
abstract class Gate implements SqlGate {
  protected readonly place: Workplace;
  protected readonly job: Job;
  readonly #interrupts: Interrupts;
  /** The newest error of the server, which the code may have swallowed. */
  lastError: unknown;
  #closed = false;

  constructor(place: Workplace, job: Job, interrupts: Interrupts) {
    this.place = place;
    this.job = job;
    this.#interrupts = interrupts;
  }

  async query(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    // Taken now, while the migration's own frames are on the stack.
    const here = new Error();
    this.check();
    try {
      return await this.send(text, values);
    } catch (error) {
      if (isServerError(error)) {
        this.lastError = error;
        Object.assign(error, { statement: shorten(textOf(text)) });
        error.stack = `${error.name}: ${error.message}\n${framesOf(here)}`;
      }
      throw error;
    }
  }

  /** What the migration still sends after this is refused. */
  close(): void {
    this.#closed = true;
  }

  protected abstract send(text: string, values?: readonly unknown[]): Promise<SqlResult>;

  protected check(): void {
    this.#interrupts.check();
    if (!this.#closed) return;
    throw new GodwitError(
      'GODWIT_MIGRATION_FAILED',
      `${this.job.header.id} sent a query after it had ended: an await is missing.`,
    );
  }
}

/**
 * Outside a transaction: every query commits by itself, as with a bare client. While all
 * went through backfills, whose ledgers resume, the history says that an interrupted run
 * may simply be started again.
 */
export class PlainGate extends Gate {
  #used = false;
  #restartable = false;

  async startBackfill(): Promise<void> {
    if (this.#used || this.#restartable) return;
    await this.#say('restart');
    this.#restartable = true;
  }

  protected async send(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    if (this.#restartable) {
      this.#restartable = false;
      await this.#say(this.job.resume);
    }
    this.#used = true;
    return this.place.connection.query(text, values);
  }

  async #say(resume: ResumePolicy): Promise<void> {
    await appendEvents(this.place, [{ ...this.job.header, event: 'started', resume }], []);
  }
}

/**
 * Inside the run's transaction, which begins with the first query. A migration written
 * for another tool may begin and commit by itself: those words become a savepoint, so
 * that its work still commits together with its record.
 */
export class TransactionGate extends Gate {
  readonly #begin: () => Promise<void>;
  #begun: Promise<void> | undefined;
  #savepoint = false;

  constructor(place: Workplace, job: Job, interrupts: Interrupts, begin: () => Promise<void>) {
    super(place, job, interrupts);
    this.#begin = begin;
  }

  get hasBegun(): boolean {
    return this.#begun !== undefined;
  }

  /** A backfill commits by itself, over connections that do not see this transaction. */
  async startBackfill(): Promise<void> {
    if (!this.hasBegun) return;
    throw new GodwitError(
      'GODWIT_BACKFILL_LATE',
      `${this.job.header.id} has begun its transaction: a backfill has to come before its first statement.`,
      { next: ['move ctx.backfill to the beginning, or into a migration of its own'] },
    );
  }

  protected async send(text: string, values?: readonly unknown[]): Promise<SqlResult> {
    this.#begun ??= this.#begin();
    await this.#begun;
    this.check();
    return this.place.connection.query(await this.#translate(text), values);
  }

  async #translate(text: string): Promise<string> {
    const sql = textOf(text);
    if (BEGIN.test(sql) && !this.#savepoint) {
      this.#savepoint = true;
      return `savepoint ${SAVEPOINT}`;
    }
    if (COMMIT.test(sql) && this.#savepoint) {
      this.#savepoint = false;
      return `release savepoint ${SAVEPOINT}`;
    }
    if (ROLLBACK.test(sql) && this.#savepoint) {
      this.#savepoint = false;
      return `rollback to savepoint ${SAVEPOINT}`;
    }
    if (mayNeedParser(sql)) await this.#refuseSpecial(sql);
    return text;
  }

  async #refuseSpecial(sql: string): Promise<void> {
    const { mode, reasons } = await analyse(sql);
    if (mode === 'transaction') return;
    throw new GodwitError(
      'GODWIT_TRANSACTION_REFUSED',
      `${this.job.header.id} runs in a transaction, where this cannot be sent: ${shorten(sql)}\n${reasons.join(' ')}`,
      { next: ['declare transaction: false in the migration'] },
    );
  }
}

/** pg takes an object with the text too. */
function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  if (typeof query === 'object' && query !== null && 'text' in query) return String(query.text);
  return '';
}

function framesOf(error: Error): string {
  return (error.stack ?? '').split('\n').slice(2).join('\n');
}

/** The error that a failed transaction came from, when the code went on after it. */
export function firstCause(thrown: unknown, gate: Gate): unknown {
  return sqlState(thrown) === '25P02' && gate.lastError !== undefined ? gate.lastError : thrown;
}
