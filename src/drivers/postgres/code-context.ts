import { GodwitError } from '../../errors.ts';
import type { PostgresContext, SqlClient, SqlResult } from '../../ports/context.ts';
import type { CodeStep } from '../../ports/migration.ts';
import type { Job } from '../../ports/session.ts';
import type { Interrupts } from './interrupt.ts';
import type { Workplace } from './workplace.ts';

/** What the client that a migration is given hands its queries to. */
export interface SqlGate {
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
  /** Called before a backfill begins. @throws GodwitError GODWIT_BACKFILL_LATE */
  startBackfill?(): Promise<void>;
}

/**
 * Calls a step of a code migration with its context, and does not wait for it any longer
 * once the run has to stop.
 */
export async function callStep(
  place: Workplace,
  job: Job,
  run: CodeStep,
  interrupts: Interrupts,
  gate: SqlGate = place.connection,
): Promise<unknown> {
  const ctx = createContext(place, job, gate);
  const answer = Promise.resolve().then(() => run({ ctx, positional: [ctx.client, ctx] }));
  // What goes on after a stop has nobody to report to.
  answer.catch(() => undefined);
  return Promise.race([answer, interrupts.stopped]);
}

function createContext(place: Workplace, job: Job, gate: SqlGate): PostgresContext {
  const { run, id, version, name, description, direction } = job.header;
  const client = { query: gate.query.bind(gate) } as SqlClient;
  return {
    driver: place.driver === 'pglite' ? 'pglite' : 'postgres',
    migration: { id, version, name, description },
    run,
    direction,
    signal: AbortSignal.any([place.lock.lost, job.stop, job.abort]),
    variables: job.variables,
    log(message) {
      job.emit({ type: 'run.log', run, id, direction, message: String(message) });
    },
    async backfill(spec) {
      if (job.backfill === undefined) {
        throw new GodwitError('GODWIT_UNSUPPORTED', 'Backfills cannot be run here.');
      }
      await gate.startBackfill?.();
      return job.backfill(spec);
    },
    upsert: async (target, records, options) => {
      const { upsert } = await import('./upsert.ts');
      return upsert(client, target, records, options);
    },
    client,
    query: client.query,
  };
}
