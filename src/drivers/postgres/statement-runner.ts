import type { Job } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import { withAttempts } from './attempts.ts';
import { sqlState } from './connection.ts';
import { refusesTransaction } from './errors.ts';
import { insertEvent } from './history-sql.ts';
import { dropInvalidIndexes, isIndexBuilt } from './index-catalog.ts';
import type { Interrupts } from './interrupt.ts';
import { joinStatements } from './join-statements.ts';
import { EMPTY_PREFIX, extendPrefix } from './prefix.ts';
import type { PreparedSql } from './prepare-sql.ts';
import { send, sendOwn } from './send.ts';
import type { AnalysedStatement } from './sql/index.ts';
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

const SETS = /^set\s+(?:session\s+)?(?!local\b)(\w+)/i;

/** Runs the statements of one file, and leaves a checkpoint after each. */
export class StatementRunner {
  readonly #place: Workplace;
  readonly #job: Job;
  readonly #file: Extract<PreparedSql, { mode: 'statements' }>;
  readonly #interrupts: Interrupts;
  /** Settings that the file sets for itself. */
  readonly #set: ReadonlySet<string>;
  #prefix = EMPTY_PREFIX;
  /** True once something of the file is in the database. */
  touched = false;

  constructor(
    place: Workplace,
    job: Job,
    file: Extract<PreparedSql, { mode: 'statements' }>,
    interrupts: Interrupts,
  ) {
    this.#place = place;
    this.#job = job;
    this.#file = file;
    this.#interrupts = interrupts;
    this.#set = new Set(
      file.statements.flatMap(({ text }) => SETS.exec(text)?.[1]?.toLowerCase() ?? []),
    );
  }

  /**
   * @param from index of the first statement to run
   * @param unsure whether it is not known if that one had finished
   */
  async run(from: number, unsure: boolean): Promise<void> {
    const { statements } = this.#file;
    for (const statement of statements.slice(0, from)) this.#advance(statement);
    for (let i = from; i < statements.length; ) {
      const statement = statements[i] as AnalysedStatement;
      this.#interrupts.check();
      this.#announce(statement, i);
      if (statement.block !== undefined) i = await this.#runBlock(i, statement.block);
      else if (statement.group !== undefined && !(unsure && i === from)) {
        i = await this.#runGroup(i, statement.group);
      } else if (statement.inTransaction && !(unsure && i === from)) {
        i = await this.#runTogether(i, statement);
      } else i = await this.#runAlone(i, statement, unsure && i === from);
      this.touched = true;
    }
  }

  /** Statements that commit together, with one checkpoint behind them. */
  async #runGroup(from: number, group: number): Promise<number> {
    const { statements } = this.#file;
    let to = from + 1;
    while (statements[to]?.group === group) to++;
    const members = statements.slice(from, to);
    if (members.length === 1) return this.#runTogether(from, members[0] as AnalysedStatement);
    const prefix = members.reduce(extendPrefix, this.#prefix);
    try {
      await this.#commitGroup(from, members, prefix);
    } catch (error) {
      // All of it was rolled back. One by one, only that statement is alone that has to be.
      if (!refusesTransaction(error)) throw error;
      for (const [n, member] of members.entries()) await this.#runTogether(from + n, member);
      return to;
    }
    this.#prefix = prefix;
    return to;
  }

  async #commitGroup(
    from: number,
    members: readonly AnalysedStatement[],
    prefix: string,
  ): Promise<void> {
    const place = this.#place;
    const { source } = this.#file;
    await withAttempts(place, this.#job, this.#interrupts, async () => {
      let before = this.#keepRole(await place.lock.begin(this.#settings()));
      const pieces = joinStatements(members);
      for (const [n, piece] of pieces.entries()) {
        this.#interrupts.check();
        if (n > 0) this.#announce(members[piece.first] as AnalysedStatement, from + piece.first);
        const after =
          n < pieces.length - 1
            ? []
            : [
                ...this.#checkpointSql(from + members.length, prefix),
                ...place.lock.closing(),
                'commit',
              ];
        await send(place, { before, piece, source, after });
        before = [];
      }
    });
  }

  /** The statement and its checkpoint commit together. */
  async #runTogether(i: number, statement: AnalysedStatement): Promise<number> {
    const prefix = extendPrefix(this.#prefix, statement);
    try {
      await this.#commitTogether(i, statement, prefix);
    } catch (error) {
      // A procedure that commits, a partitioned table: it was rolled back, and runs alone.
      if (!refusesTransaction(error)) throw error;
      return this.#runAlone(i, statement, false);
    }
    this.#prefix = prefix;
    return i + 1;
  }

  async #commitTogether(i: number, statement: AnalysedStatement, prefix: string): Promise<void> {
    await withAttempts(this.#place, this.#job, this.#interrupts, async () => {
      const { lock } = this.#place;
      const before = this.#keepRole(await lock.begin(this.#settings()));
      const after = [...this.#checkpointSql(i + 1, prefix), ...lock.closing(), 'commit'];
      await send(this.#place, { before, piece: statement, source: this.#file.source, after });
    });
  }

  /**
   * A statement that allows no transaction around it: a checkpoint before, so that an
   * interruption is known to have met it, and one behind.
   */
  async #runAlone(i: number, statement: AnalysedStatement, unsure: boolean): Promise<number> {
    await this.#checkpoint(i, true);
    if (!(unsure && (await isIndexBuilt(this.#place.connection, statement)))) {
      await this.#sendAlone(i, statement, unsure);
    }
    this.#advance(statement);
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
    const { statements, source } = this.#file;
    const place = this.#place;
    let to = from;
    while (statements[to + 1]?.block === block) to++;
    let prefix = this.#prefix;
    for (let i = from; i <= to; i++)
      prefix = extendPrefix(prefix, statements[i] as AnalysedStatement);
    let committed = false;
    try {
      for (let i = from; i <= to; i++) {
        this.#interrupts.check();
        const statement = statements[i] as AnalysedStatement;
        if (i > from) this.#announce(statement, i);
        if (i === to && i > from) await sendOwn(place, this.#checkpointSql(to + 1, prefix));
        const { own } = await send(place, { before: [], piece: statement, source, after: [] });
        committed = i === to && i > from && own.at(-1)?.command === 'COMMIT';
      }
    } catch (error) {
      await rollback(place);
      throw error;
    }
    this.#prefix = prefix;
    if (!committed) await this.#checkpoint(to + 1, false);
    return to + 1;
  }

  #advance(statement: AnalysedStatement): void {
    this.#prefix = extendPrefix(this.#prefix, statement);
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
