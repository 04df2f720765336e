import type { Health } from '../../../ports/backfill.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { sqlState } from '../connection.ts';
import type { Place } from './place.ts';

/** What the server tells this user of its health; the rest is absent. */
export async function readHealth(place: Place, job: BackfillJob): Promise<Health> {
  if (place.embedded) return {};
  const target = await place.target(job);
  const own = [0, ...place.pool.pids].join();
  // Asked one by one: what is refused must not take the others with it.
  const [lagMs, waiting, slots, archive, vacuum] = await Promise.all([
    ask(place, LAG),
    ask(place, waitingSql(target.oid, own)),
    ask(place, SLOTS),
    ask(place, ARCHIVE),
    ask(place, vacuumSql(target.oid)),
  ]);
  const retained = [slots, archive].filter((bytes) => bytes !== undefined);
  return {
    ...(lagMs !== undefined && { lagMs }),
    ...(waiting !== undefined && { waiting }),
    ...(vacuum !== undefined && { vacuumUrgent: vacuum > 0 }),
    ...(retained.length > 0 && { retainedWal: Math.max(...retained) }),
  };
}

/** Standbys, not tools that read the log: of those `retainedWal` tells. */
const LAG = `select pg_catalog.max(extract(epoch from r.replay_lag) * 1000)
from pg_catalog.pg_stat_replication r where r.state = 'streaming'`;

/** Sessions that wait for a lock and have something to do with the table. */
function waitingSql(oid: string, own: string): string {
  return `select count(distinct w.pid) from pg_catalog.pg_locks w
  where not w.granted and w.pid not in (${own}) and exists (
    select 1 from pg_catalog.pg_locks g where g.pid = w.pid and g.relation = ${oid})`;
}

/** One that cannot be put off: it does not give way to locks, and dead rows keep it longer. */
function vacuumSql(oid: string): string {
  return `select count(*) from pg_catalog.pg_stat_progress_vacuum v
  join pg_catalog.pg_stat_activity a on a.pid = v.pid
  where v.relid = ${oid} and a.datname = pg_catalog.current_database()
  and a.query like '%to prevent wraparound%'`;
}

const SLOTS = `select pg_catalog.max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn))
from pg_catalog.pg_replication_slots s where s.restart_lsn is not null`;

const ARCHIVE = `select count(*) * pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))
from pg_catalog.pg_ls_archive_statusdir() f where f.name like '%.ready'
and pg_catalog.current_setting('archive_mode') <> 'off'`;

async function ask(place: Place, sql: string): Promise<number | undefined> {
  try {
    const [result] = await place.pool.run(sql, { lockMs: 500, statementMs: 1_000 });
    const value = result?.rows[0]?.[0];
    return value == null ? undefined : Math.max(0, Number(value));
  } catch (error) {
    if (sqlState(error) === undefined) throw error;
    return undefined;
  }
}
