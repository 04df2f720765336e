import type { ErrorInfo } from '../../../errors.ts';
import { GodwitError } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type {
  BackfillControl,
  HeartbeatAnswer,
  LedgerProgress,
  LedgerState,
  WorkerReport,
} from '../../../ports/backfill-ledger.ts';
import { isMissing } from '../history.ts';
import { jsonLiteral, literal } from '../text.ts';
import { aliveSql, json, progressSql, stateOf } from './head.ts';
import { endKey } from './ledger.ts';
import type { Place } from './place.ts';

export async function heartbeat(
  place: Place,
  ledger: string,
  { id, by, rows }: WorkerReport,
): Promise<HeartbeatAnswer> {
  const t = place.tables;
  const name = literal(ledger);
  const results = await place.pool.run(
    `insert into ${t.worker} as w (ledger, id, by, rows, pid, heartbeat_at)
      values (${name}, ${literal(id)}, ${jsonLiteral(by)}, ${rows}, ${place.embedded ? 'null' : 'pg_catalog.pg_backend_pid()'}, pg_catalog.clock_timestamp())
      on conflict (ledger, id) do update set by = excluded.by, rows = excluded.rows, pid = excluded.pid, heartbeat_at = excluded.heartbeat_at;
    select l.state, l.generation, l.sweep, l.control, ${progressSql(t)},
      (select count(*) from ${t.worker} w where w.ledger = l.ledger and ${aliveSql(place, 'w')})
    from ${t.ledger} l where l.ledger = ${name}`,
  );
  const row = results.at(-1)?.rows[0];
  if (!row) throw unknownLedger(ledger);
  const [state, generation, sweep, control, progress, workers] = row;
  const controls = json<BackfillControl>(control) ?? {};
  return {
    state: stateOf(state ?? '', controls),
    generation: Number(generation),
    sweep: Number(sweep),
    control: controls,
    progress: json<LedgerProgress>(progress) as LedgerProgress,
    workers: Number(workers),
  };
}

export async function control(
  place: Place,
  ledger: string,
  change: BackfillControl,
): Promise<boolean> {
  const given = Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  );
  try {
    const [result] = await place.pool.run(
      `update ${place.tables.ledger} set control = control || ${jsonLiteral(given)}
      where ledger = ${literal(ledger)} and state = 'running'`,
    );
    return result?.command === 'UPDATE 1';
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

const MAY_BECOME: Partial<Record<LedgerState, string>> = {
  complete: "l.state = 'running'",
  failed: "l.state = 'running'",
  cancelled: "l.state in ('running', 'failed')",
  undone: "l.state = 'undoing'",
};

export async function end(
  place: Place,
  ledger: string,
  state: LedgerState,
  summary: Readonly<Record<string, unknown>>,
  error?: ErrorInfo,
): Promise<boolean> {
  const t = place.tables;
  const from = MAY_BECOME[state] ?? 'false';
  // The lock first: what is asked next then sees what those before it did.
  const results = await place.pool.run(
    `select 1 from ${t.ledger} where ledger = ${literal(ledger)} for update;
    update ${t.ledger} l set state = ${literal(state)}, summary = ${jsonLiteral(summary)},
      error = ${jsonLiteral(error)}, ended_at = pg_catalog.clock_timestamp(),
      control = l.control - 'paused' - 'cancelled'
    where l.ledger = ${literal(ledger)} and ${from} ${state === 'complete' ? `and ${finishedSql(t.chunk)}` : ''}`,
  );
  return results.at(-1)?.command === 'UPDATE 1';
}

/** Of the ledger row `l`: cut to its bound, with no chunk left open. */
function finishedSql(chunk: string): string {
  return `l.cut and not exists (select 1 from ${chunk} c where c.ledger = l.ledger
    and c.generation = l.generation and c.state in ('waiting', 'claimed'))`;
}

/** All keys once more, those that came meanwhile among them. */
export async function sweepAgain(place: Place, job: BackfillJob, n: number): Promise<void> {
  const t = place.tables;
  const target = await place.target(job);
  const ledger = literal(job.ledger);
  await place.pool.run(
    `select 1 from ${t.ledger} where ledger = ${ledger} for update;
    update ${t.ledger} l set sweep = ${n}, frontier = null, first = e.first, bound = e.bound, cut = e.bound is null
    from (select ${endKey(target, false)} as first, ${endKey(target, true)} as bound) e
    where l.ledger = ${ledger} and l.state = 'running' and l.sweep = ${n - 1} and ${finishedSql(t.chunk)}`,
  );
}

export function unknownLedger(ledger: string): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_UNKNOWN', `There is no ledger ${ledger}.`, {
    next: ['see which there are: godwit backfill list'],
  });
}
