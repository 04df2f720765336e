import type { Job } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import { withAttempts } from './attempts.ts';
import { sqlState } from './connection.ts';
import { refusesTransaction } from './errors.ts';
import { insertEvent } from './history-sql.ts';
import { dropInvalidIndexes, isIndexBuilt } from './index-catalog.ts';
import type { Interrupts } from './interrupt.ts';
import { type JoinedPiece, joinStatements } from './join-statements.ts';
import { extendPrefix, type Link, linkOf } from './prefix.ts';
import type { PreparedSql } from './prepare-sql.ts';
import { type Message, send, sendOwn } from './send.ts';
import type { AnalysedStatement } from './sql/index.ts';
import { StatementCursor } from './statement-cursor.ts';
import { ident } from './text.ts';
import { rollback, settingsOf, type Workplace } from './workplace.ts';

/** What a statement says when it is run again though it had finished. */
const ALREADY_DONE: Readonly<Record<string, string>> = {
  'DROP INDEX': '42704',
  'CREATE DATABASE': '42P04',
  'DROP DATABASE': '3D000',
  'CREATE TABLESPACE': '42710',
  'DROP TABLESPACE': '42704',
  'CREATE SUBSCRIPTION': '42710',
  'DROP SUBSCRIPTION': '42704',
};

/** What was found out of a file beforehand. */
export interface Known {
  /** Settings that it sets for itself, lower case. */
  readonly sets: ReadonlySet<string>;
  /** Of the statements that were done before. */
  readonly prefix: string;
}

/** Runs the statements of one file, and leaves a checkpoint after each. */
export class StatementRunner {
  readonly #place: Workplace;
  readonly #job: Job;
  readonly #file: Extract<PreparedSql, { mode: 'statements' }>;
  readonly #interrupts: Interrupts;
  readonly #cursor: StatementCursor;
  readonly #set: ReadonlySet<string>;
  #prefix: string;
  /** True once something of the file is in the database. */
  touched = false;

  constructor(
    place: Workplace,
    job: Job,
    file: Extract<PreparedSql, { mode: 'statements' }>,
    interrupts: Interrupts,
    known: Known,
  ) {
    this.#place = place;
    this.#job = job;
    this.#file = file;
    this.#interrupts = interrupts;
    this.#cursor = new StatementCursor(file.statements);
    this.#set = known.sets;
    this.#prefix = known.prefix;
  }

  /**
   * @param from index of the first statement to run
   * @param unsure whether it is not known if that one had finished
   */
  async run(from: number, unsure: boolean): Promise<void> {
    let i = from;
    for (;;) {
      const statement = this.#cursor.at(i);
      if (!statement) return;
      this.#interrupts.check();
      const isUnsure = unsure && i === from;
      const { block, group } = statement;
      if (block !== undefined) i = await this.#runBlock(i, block);
      else if (group !== undefined && !isUnsure) i = await this.#runGroup(i, statement, group);
      else {
        this.#announce(statement, i);
        i =
          statement.inTransaction && !isUnsure
            ? await this.#runTogether(i, statement)
            : await this.#runAlone(i, statement, isUnsure);
      }
      this.touched = true;
    }
  }

  /** Lets go of the file. */
  close(): void {
    this.#cursor.close();
  }

  /** Statements that commit together, with one checkpoint behind them. */
  async #runGroup(from: number, first: AnalysedStatement, group: number): Promise<number> {
    // What is behind its data would have to be read before that is.
    if (!first.copyParts && this.#cursor.at(from + 1)?.group !== group) {
      this.#announce(first, from);
      return this.#runTogether(from, first);
    }
    try {
      const { to, prefix } = await this.#commitGroup(from, group);
      this.#prefix = prefix;
      return to;
    } catch (error) {
      // All of it was rolled back. One by one, only that statement is alone that has to be.
      if (!refusesTransaction(error)) throw error;
    }
    let to = from;
    for (const member of this.#cursor.group(from, group)) {
      await this.#runTogether(to++, member);
      this.touched = true;
    }
    return to;
  }

  async #commitGroup(from: number, group: number): Promise<{ to: number; prefix: string }> {
    const place = this.#place;
    return withAttempts(place, this.#job, this.#interrupts, async () => {
      let before = this.#keepRole(await place.lock.begin(this.#settings()));
      let to = from;
      let prefix = this.#prefix;
      const sendPiece = async (piece: JoinedPiece, after: Message['after']): Promise<void> => {
        this.#interrupts.check();
        const [first] = piece.members as [AnalysedStatement];
        this.#announce(first, to);
        const link = linkOf(prefix, first);
        const { copyParts } = link.statement;
        const { source } = this.#file;
        to += piece.members.length;
        await send(place, { before, piece: { ...piece, copyParts }, source, after });
        prefix = piece.members.slice(1).reduce(extendPrefix, link.prefix);
        before = [];
      };
      // The checkpoint and the commit go with the last piece.
      let last: JoinedPiece | undefined;
      for (const piece of joinStatements(this.#cursor.group(from, group))) {
        if (last) await sendPiece(last, []);
        last = piece.copyParts ? undefined : piece;
        if (piece.copyParts) await sendPiece(piece, []);
      }
      const closing = [...place.lock.closing(), 'commit'];
      if (last) {
        const end = last.members.reduce(extendPrefix, prefix);
        const done = to + last.members.length;
        await sendPiece(last, [...this.#checkpointSql(done, end), ...closing]);
      } else await sendOwn(place, [...this.#checkpointSql(to, prefix), ...closing]);
      return { to, prefix };
    });
  }

  /** The statement and its checkpoint commit together. */
  async #runTogether(i: number, statement: AnalysedStatement): Promise<number> {
    try {
      this.#prefix = await this.#commitTogether(i, statement);
    } catch (error) {
      // A procedure that commits, a partitioned table: it was rolled back, and runs alone.
      if (!refusesTransaction(error)) throw error;
      return this.#runAlone(i, statement, false);
    }
    return i + 1;
  }

  async #commitTogether(i: number, statement: AnalysedStatement): Promise<string> {
    return withAttempts(this.#place, this.#job, this.#interrupts, async () => {
      const { lock } = this.#place;
      const link = linkOf(this.#prefix, this.#unread(i, statement));
      const before = this.#keepRole(await lock.begin(this.#settings()));
      const after = () => [...this.#checkpointSql(i + 1, link.prefix), ...lock.closing(), 'commit'];
      const { source } = this.#file;
      await send(this.#place, { before, piece: link.statement, source, after });
      return link.prefix;
    });
  }

  /** With its data, of which an attempt before may have read some. */
  #unread(i: number, statement: AnalysedStatement): AnalysedStatement {
    return statement.copyParts ? (this.#cursor.at(i) ?? statement) : statement;
  }

  /**
   * A statement that allows no transaction around it: a checkpoint before, so that an
   * interruption is known to have met it, and one behind.
   */
  async #runAlone(i: number, statement: AnalysedStatement, unsure: boolean): Promise<number> {
    await this.#checkpoint(i, true);
    const link = linkOf(this.#prefix, this.#unread(i, statement));
    if (!(unsure && (await isIndexBuilt(this.#place.connection, statement)))) {
      await this.#sendAlone(i, link.statement, unsure);
    }
    this.#prefix = link.prefix;
    await this.#checkpoint(i + 1, false);
    return i + 1;
  }

  async #sendAlone(i: number, statement: AnalysedStatement, unsure: boolean): Promise<void> {
    const place = this.#place;
    await dropInvalidIndexes(place, this.#job, statement, this.#interrupts);
    // It must wait for everybody who was there before it, however long that takes.
    // Behind a transaction pooler a SET would stay with somebody else's server.
    if (place.keepsSession) await sendOwn(place, this.#withoutTimeouts());
    try {
      await send(place, { before: [], piece: statement, source: this.#file.source, after: [] });
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (unsure && sqlState(cause) === ALREADY_DONE[statement.kind]) return;
      if (statement.concurrentIndex) this.touched = true;
      // It ended, if badly: a resume need not ask whether it finished.
      if (!place.connection.lost.aborted) await this.#checkpoint(i, false);
      throw error;
    }
  }

  /** A transaction that the file opens itself; the checkpoint goes in before its end. */
  async #runBlock(from: number, block: number): Promise<number> {
    let prefix = this.#prefix;
    let committed = false;
    let i = from;
    try {
      for (let isLast = false; !isLast; i++) {
        const statement = this.#cursor.at(i);
        if (!statement) break;
        this.#interrupts.check();
        this.#announce(statement, i);
        const link = linkOf(prefix, statement);
        // Only COMMIT and the like ends a block; behind data it is not looked for.
        isLast = !statement.copyParts && this.#cursor.at(i + 1)?.block !== block;
        committed = await this.#sendOfBlock(i, link, isLast && i > from);
        prefix = link.prefix;
      }
    } catch (error) {
      await rollback(this.#place);
      throw error;
    }
    this.#prefix = prefix;
    if (!committed) await this.#checkpoint(i, false);
    return i;
  }

  /** @returns whether it was the commit of its block, with the checkpoint */
  async #sendOfBlock(i: number, link: Link, ends: boolean): Promise<boolean> {
    const place = this.#place;
    if (ends) await sendOwn(place, this.#checkpointSql(i + 1, link.prefix));
    const { source } = this.#file;
    const { own } = await send(place, { before: [], piece: link.statement, source, after: [] });
    return ends && own.at(-1)?.command === 'COMMIT';
  }

  async #checkpoint(statements: number, before: boolean): Promise<void> {
    const { header } = this.#job;
    const event = { ...header, event: 'checkpoint', statements, prefix: this.#prefix } as const;
    await appendEvents(this.#place, [before ? { ...event, before } : event], []);
  }

  /** As godwit's own role again, whatever the file has set. */
  #checkpointSql(statements: number, prefix: string): string[] {
    const { store } = this.#place;
    const role = store.role === undefined ? 'none' : ident(store.role);
    const event = { ...this.#job.header, event: 'checkpoint', statements, prefix } as const;
    return [`set local role ${role}`, insertEvent(store, event)];
  }

  /** What the file itself sets stays as it is set. */
  #settings(): string[] {
    return settingsOf(this.#job).filter((setting) => !this.#sets(setting.split(/[ =]/)[2] ?? ''));
  }

  #keepRole(before: readonly string[]): readonly string[] {
    return this.#sets('role')
      ? before.filter((each) => !each.startsWith('set local role'))
      : before;
  }

  #sets(name: string): boolean {
    return this.#set.has(name);
  }

  #withoutTimeouts(): string[] {
    return ['lock_timeout', 'statement_timeout']
      .filter((name) => !this.#sets(name))
      .map((name) => `set ${name}=0`);
  }

  #announce({ inTransaction }: AnalysedStatement, i: number): void {
    const { run, id, direction } = this.#job.header;
    this.#job.emit({
      type: 'run.statement',
      run,
      id,
      direction,
      statement: i + 1,
      total: this.#file.statements.length,
      transactional: inTransaction,
    });
  }
}
