import type { ClientSession, MongoClient } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { MongoContext, MongooseHandles } from '../../ports/context.ts';
import type { MongooseOpener, OpenedMongoose } from '../../ports/driver.ts';
import type { Call, Gate } from './guard/gate.ts';
import { guardClient, type Passage } from './guard/guard.ts';

/**
 * The project's mongoose, opened once for a session: models are compiled and connected
 * once, and what they do passes the gate of the run that asked last.
 */
export class Bridge {
  readonly #client: MongoClient;
  readonly #database: string;
  readonly #opener: MongooseOpener | undefined;
  readonly #hasModels: () => boolean;
  readonly #switch = new SwitchedGate();
  #opened: Promise<OpenedMongoose> | undefined;

  constructor(client: MongoClient, database: string, opener: MongooseOpener | undefined) {
    this.#client = client;
    this.#database = database;
    this.#opener = opener;
    this.#hasModels = opener?.watch() ?? (() => false);
  }

  /**
   * Before a step: models that a migration requires by itself are connected too, where
   * nobody else does it.
   *
   * @returns undefined when there is nothing to wait for, as for most migrations
   */
  prepare(gate: Gate, ctx: MongoContext): Promise<unknown> | undefined {
    return this.#opened || this.#hasModels() ? this.open(gate, ctx) : undefined;
  }

  async open(gate: Gate, ctx: MongoContext): Promise<MongooseHandles> {
    this.#switch.gate = gate;
    this.#opened ??= this.#open();
    let opened = await this.#opened;
    if (!opened.isOpen()) {
      await this.close();
      this.#opened = this.#open();
      opened = await this.#opened;
    }
    opened.enter(ctx);
    return { mongoose: opened.mongoose, models: opened.models };
  }

  #open(): Promise<OpenedMongoose> {
    if (this.#opener === undefined) {
      throw new GodwitError('GODWIT_UNSUPPORTED', 'Mongoose cannot be opened here.');
    }
    const client = guardClient(this.#client, this.#database, this.#switch);
    const opening = this.#opener.open({ client, database: this.#database });
    // A model that was mended is imported again by the next run.
    opening.catch(() => {
      this.#opened = undefined;
    });
    return opening;
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.close().catch(() => {});
  }
}

/** Passes what comes to the gate of the run under way. */
class SwitchedGate implements Passage {
  gate: Gate | undefined;

  get session(): ClientSession | undefined {
    return this.gate?.session;
  }

  check(writes: boolean): void {
    this.#current().check(writes);
  }

  pass<T>(call: Call, run: () => Promise<T>): Promise<T> {
    return this.#current().pass(call, run);
  }

  #current(): Gate {
    if (this.gate !== undefined) return this.gate;
    throw new GodwitError('GODWIT_STOPPED', 'No migration is under way.');
  }
}
