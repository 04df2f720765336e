import type { ErrorInfo } from '../../../errors.ts';
import type {
  BackfillControl,
  LedgerHead,
  LedgerProgress,
  LedgerState,
  WorkerInfo,
} from '../../../ports/backfill-ledger.ts';
import type { Actor } from '../../../ports/history.ts';
import { isMissing } from '../history.ts';
import { literal } from '../text.ts';
import { parseKey } from './key-sql.ts';
import type { Place } from './place.ts';
import type { Tables } from './tables.ts';

/** Times as ms since 1970, which no time zone changes. */
export function ms(expression: string): string {
  return `pg_catalog.floor(extract(epoch from ${expression}) * 1000)`;
}

/** A worker that tells of itself, and whose session is there. */
export function aliveSql(place: Place, worker: string): string {
  const session = place.embedded
    ? `(${worker}.by->>'pid')::int = ${process.pid}`
    : `exists (select 1 from pg_catalog.pg_stat_get_activity(${worker}.pid))`;
  return `(${worker}.heartbeat_at > pg_catalog.clock_timestamp() - interval '15 seconds' and ${session})`;
}

/** Of the ledger row `l`: its present generation's numbers as one object. */
export function progressSql(t: Tables): string {
  return `(select pg_catalog.json_build_object(
    'rows', coalesce(sum(c.rows - c.conflicts), 0), 'changed', coalesce(sum(c.changed), 0),
    'deleted', coalesce(sum(c.deleted), 0), 'conflicts', coalesce(sum(c.conflicts), 0),
    'chunksDone', count(*) filter (where c.state = 'done'),
    'chunksOpen', count(*) filter (where c.state in ('waiting', 'claimed')),
    'retries', coalesce(sum(c.attempts), 0),
    'poisoned', (select count(*) from ${t.poison} p where p.ledger = l.ledger and p.generation = l.generation),
    'cut', l.cut)
    from ${t.chunk} c where c.ledger = l.ledger and c.generation = l.generation)`;
}

function headColumns(place: Place): string {
  const t = place.tables;
  return `l.ledger, l.name, l.target, l.generation, l.sweep, l.state, l.definition, l.bound, l.total, l.exact,
  ${progressSql(t)}, l.control, ${ms('l.started_at')}, ${ms('l.ended_at')}, l.error, l.summary,
  (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('id', w.id, 'by', w.by,
     'heartbeatAt', ${ms('w.heartbeat_at')}, 'rows', w.rows) order by w.id), '[]')
   from ${t.worker} w where w.ledger = l.ledger and ${aliveSql(place, 'w')})`;
}

/** Reads only; what does not exist yet reads as empty. */
export async function readHeads(place: Place, ledger?: string): Promise<LedgerHead[]> {
  const where = ledger === undefined ? 'true' : `l.ledger = ${literal(ledger)}`;
  try {
    const [result] = await place.pool.run(
      `select ${headColumns(place)} from ${place.tables.ledger} l where ${where} order by l.started_at, l.ledger`,
    );
    return (result?.rows ?? []).map(toHead);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function stateOf(state: string, control: BackfillControl): LedgerState {
  return state === 'running' && control.paused ? 'paused' : (state as LedgerState);
}

function toHead(row: readonly (string | null)[]): LedgerHead {
  const [ledger, name, target, generation, sweep, state, definition, bound, total, exact] = row;
  const [progress, control, startedAt, endedAt, error, summary, workers] = row.slice(10);
  const controls = json<BackfillControl>(control) ?? {};
  const key = parseKey(bound);
  return {
    ledger: ledger ?? '',
    name: name ?? '',
    target: target ?? '',
    generation: Number(generation),
    sweep: Number(sweep),
    state: stateOf(state ?? '', controls),
    definition: definition ?? '',
    guarantee: 'exactly-once',
    ...(key && { bound: key }),
    total: Number(total),
    exact: exact === 't',
    progress: json<LedgerProgress>(progress) as LedgerProgress,
    control: controls,
    workers: toWorkers(workers),
    startedAt: new Date(Number(startedAt)),
    ...(endedAt != null && { endedAt: new Date(Number(endedAt)) }),
    ...(error != null && { error: json<ErrorInfo>(error) }),
    ...(summary != null && { summary: json<Record<string, unknown>>(summary) }),
  };
}

function toWorkers(text: string | null | undefined): WorkerInfo[] {
  const workers = json<{ id: string; by: Actor; heartbeatAt: number; rows: number }[]>(text) ?? [];
  return workers.map((each) => ({ ...each, heartbeatAt: new Date(each.heartbeatAt) }));
}

export function json<T>(text: string | null | undefined): T | undefined {
  return text == null ? undefined : (JSON.parse(text) as T);
}
