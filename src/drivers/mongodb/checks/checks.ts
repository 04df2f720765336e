import type { Db, MongoClient } from 'mongodb';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { CheckCall, Checks, Objection } from '../../../ports/checks.ts';
import type { MongoContext } from '../../../ports/context.ts';
import type { Migration, StepCall } from '../../../ports/migration.ts';
import type { JobStep } from '../../../ports/session.ts';
import { Gate } from '../guard/gate.ts';
import { guardClient } from '../guard/guard.ts';
import type { Store } from '../store.ts';
import { askBuiltIn } from './built-in.ts';

/** Opens questions to a MongoDB database: over handles that refuse to write. */
export function openChecks(store: Store): Checks {
  return {
    builtIn: (request) => askBuiltIn(store, request),
    verify: (migration, step, variables) => askVerify(store, migration, step, variables),
    call: (check) => readOnly(store, ({ db }) => check({ positional: [db] } satisfies CheckCall)),
    close: async () => {},
  };
}

interface Handles {
  readonly client: MongoClient;
  readonly db: Db;
}

async function readOnly<T>(store: Store, work: (handles: Handles) => T): Promise<Awaited<T>> {
  const name = store.db.databaseName;
  const refuse = (): never => {
    throw new GodwitError('GODWIT_USAGE', 'A check only reads: it cannot write.');
  };
  const gate = new Gate({ check: refuse });
  const client = guardClient(store.client, name, gate);
  try {
    return await work({ client, db: client.db(name) });
  } finally {
    gate.close(() => new GodwitError('GODWIT_USAGE', 'The check has ended.'));
  }
}

async function askVerify(
  store: Store,
  migration: Migration,
  step: JobStep,
  variables: Readonly<Record<string, string>>,
): Promise<Objection | undefined> {
  const where = { file: migration.file };
  if (step.type === 'sql') return { message: 'it is SQL, which MongoDB does not run', where };
  try {
    const answer = await readOnly(store, (handles) =>
      step.run(callOf(handles, migration, variables)),
    );
    return answer === false ? { message: 'it gave back false', where } : undefined;
  } catch (error) {
    // One that needs mongoose was asked when it ran; nothing is known against it now.
    if (error instanceof GodwitError && error.code === 'GODWIT_UNSUPPORTED') return undefined;
    return { message: thrownMessage(error), where };
  }
}

function callOf(
  { client, db }: Handles,
  { id, version, name, description }: Migration,
  variables: Readonly<Record<string, string>>,
): StepCall {
  const refuse = async (): Promise<never> => {
    throw new GodwitError('GODWIT_USAGE', 'A verify only reads.');
  };
  const ctx: MongoContext<Db, MongoClient> = {
    driver: 'mongodb',
    migration: { id, version, name, description },
    run: '',
    direction: 'up',
    signal: new AbortController().signal,
    variables,
    log: () => {},
    backfill: refuse,
    upsert: refuse,
    mongoose: async () => {
      throw new GodwitError('GODWIT_UNSUPPORTED', 'A verify through mongoose is asked after up.');
    },
    db,
    client,
    session: undefined,
  };
  return { ctx, positional: [db, client, ctx] };
}
