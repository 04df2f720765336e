import type { ClientSession, Db, MongoClient } from 'mongodb';
import type { MongoContext } from '../../ports/context.ts';
import type { StepCall } from '../../ports/migration.ts';
import type { Job } from '../../ports/session.ts';
import type { Gate } from './guard/gate.ts';
import { guardClient } from './guard/guard.ts';
import type { Bridge } from './mongoose.ts';
import { noBackfills } from './only-backfills.ts';
import { upsert } from './upsert.ts';

export interface MongoCall extends StepCall {
  /** Connects models that the step brings along. @returns undefined when there are none */
  prepare(): Promise<unknown> | undefined;
}

/** What a step is called with: handles that pass the gate, and the context around them. */
export function createCall(
  job: Job,
  real: {
    readonly client: MongoClient;
    readonly database: string;
    readonly root: string;
    readonly mongoose: Bridge;
  },
  gate: Gate,
  signal: AbortSignal,
  startBackfill: () => Promise<void>,
): MongoCall {
  const client = guardClient(real.client, real.database, gate);
  const db = client.db(real.database);
  const { id, version, name, description, run, direction } = job.header;
  const ctx: MongoContext<Db, MongoClient, ClientSession> = {
    driver: 'mongodb',
    migration: { id, version, name, description },
    run,
    direction,
    signal,
    variables: job.variables,
    log: (message) => job.emit({ type: 'run.log', run, id, direction, message: String(message) }),
    async backfill(spec) {
      if (job.backfill === undefined) throw noBackfills();
      await startBackfill();
      return job.backfill(spec);
    },
    upsert: (target, records, options) => upsert(db, target, records, options, real.root),
    db,
    client,
    session: gate.session,
    mongoose: () => real.mongoose.open(gate, ctx),
  };
  return { ctx, positional: [db, client, ctx], prepare: () => real.mongoose.prepare(gate, ctx) };
}
