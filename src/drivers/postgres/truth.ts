import { setTimeout as sleep } from 'node:timers/promises';
import { GodwitError } from '../../errors.ts';
import type { Effect, HistoryEvent } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import type { Connection } from './connection.ts';
import { failedEvent } from './failed-event.ts';
import { PostgresHistory } from './history.ts';
import { insertEvent } from './history-sql.ts';
import { begin } from './store.ts';
import { appliedStatus, type Workplace } from './workplace.ts';

/** How long the server is given to end the work of a connection that was cut. */
const PATIENCE_MS = 3_500;

export interface Unknown {
  readonly error: GodwitError;
  readonly effect: Effect;
  readonly durationMs: number;
  readonly transactional: boolean;
}

/**
 * The connection was cut while the server worked: whether it committed only the server
 * knows. A new session waits until the old one is over and reads the history.
 */
export async function findTruth(place: Workplace, job: Job, lost: Unknown): Promise<Outcome> {
  const { error, effect, durationMs, transactional } = lost;
  const fresh = await place.reconnect().catch(() => undefined);
  if (!fresh) return unknown(lost);
  try {
    if (!(await isOver(place, fresh))) return unknown(lost);
    const ended = await findEnd(place, job, fresh);
    if (ended?.status === 'applied' || ended?.status === 'reverted') {
      const { result } = ended;
      return {
        status: appliedStatus(job),
        effect: 'complete',
        durationMs: ended.durationMs,
        transactional,
        recorded: true,
        ...(result !== undefined && { result }),
      };
    }
    const failed: Outcome = {
      status: 'failed',
      effect,
      durationMs,
      transactional,
      error: error.toJSON(),
      recorded: ended !== undefined,
    };
    return ended ? failed : { ...failed, recorded: await record(place, job, failed, fresh) };
  } catch {
    return unknown(lost);
  } finally {
    await fresh.close().catch(() => undefined);
  }
}

async function isOver(place: Workplace, fresh: Connection): Promise<boolean> {
  const pid = place.lock.backendPid();
  const deadline = performance.now() + PATIENCE_MS;
  while (pid !== undefined) {
    const [left] = await fresh.simple(
      `select 1 from pg_catalog.pg_stat_activity where pid = ${pid}`,
    );
    if (left?.rowCount === 0) return true;
    if (performance.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}

async function findEnd(
  place: Workplace,
  job: Job,
  fresh: Connection,
): Promise<Extract<HistoryEvent, { event: 'ended' }> | undefined> {
  const history = new PostgresHistory(place.store, async () => fresh);
  const events = await history.events({ version: job.header.version });
  return events.findLast((event) => event.event === 'ended' && event.run === job.header.run) as
    | Extract<HistoryEvent, { event: 'ended' }>
    | undefined;
}

/** Only if nobody had the lock in between: then the fence is still ours. */
async function record(
  { store, lock }: Workplace,
  job: Job,
  failed: Outcome,
  fresh: Connection,
): Promise<boolean> {
  if (lock.ofSession) {
    const [locked] = await fresh.simple(`select pg_catalog.pg_try_advisory_lock(${store.lockKey})`);
    if (locked?.rows[0]?.[0] !== 't') return false;
  }
  const results = await fresh.simple(
    `${begin(store)}select 1 from ${store.lock} where fence = ${lock.fence} for update`,
  );
  const ours = results.at(-1)?.rowCount === 1;
  await fresh.simple(ours ? `${insertEvent(store, failedEvent(job, failed))};commit` : 'rollback');
  return ours;
}

function unknown({ error, effect, durationMs, transactional }: Unknown): Outcome {
  const told = new GodwitError(
    'GODWIT_COMMIT_UNKNOWN',
    `${error.message} Whether the server finished the work is not known.`,
    {
      where: error.where,
      state:
        'The server may still be at work on it, under the lock; the history will tell the truth.',
      next: ['godwit status', 'godwit up, which waits until the server is done'],
    },
  );
  return {
    status: 'failed',
    effect,
    durationMs,
    transactional,
    error: told.toJSON(),
    recorded: false,
  };
}
