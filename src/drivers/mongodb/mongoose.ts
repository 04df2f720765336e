import type { ClientSession, MongoClient } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { MongoContext, MongooseHandles } from '../../ports/context.ts';
import type { OpenedMongoose, OpenMongoose } from '../../ports/driver.ts';
import type { Call, Gate } from './guard/gate.ts';
import { guardClient, type Passage } from './guard/guard.ts';

/**
 * The project's mongoose, opened once for a session: models are compiled and connected
 * once, and what they do passes the gate of the run that asked last.
 */
export class Bridge {
  readonly #client: MongoClient;
  readonly #database: string;
  readonly #openMongoose: OpenMongoose | undefined;
  readonly #switch = new SwitchedGate();
  #opened: Promise<OpenedMongoose> | undefined;

  constructor(client: MongoClient, database: string, openMongoose: OpenMongoose | undefined) {
    this.#client = client;
    this.#database = database;
    this.#openMongoose = openMongoose;
  }

  async open(gate: Gate, ctx: MongoContext): Promise<MongooseHandles> {
    this.#switch.gate = gate;
    this.#opened ??= this.#open();
    const opened = await this.#opened;
    opened.enter(ctx);
    return { mongoose: opened.mongoose, models: opened.models };
  }

  #open(): Promise<OpenedMongoose> {
    if (this.#openMongoose === undefined) {
      throw new GodwitError('GODWIT_UNSUPPORTED', 'Mongoose cannot be opened here.');
    }
    const client = guardClient(this.#client, this.#database, this.#switch);
    const opening = this.#openMongoose({ client, database: this.#database });
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
