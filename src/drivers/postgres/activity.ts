import type { TableActivity } from '../../ports/activity.ts';
import type { Connection } from './connection.ts';
import { literal } from './text.ts';

/** Shorter than this, what was done since the server counts is no average. */
const SHORTEST_SECONDS = 3600;

/**
 * One question to catalog and statistics; no table is read or locked, which is why sizes are
 * those of the last VACUUM or ANALYZE. A partitioned table is all of its partitions.
 */
export async function readActivity(
  connection: Connection,
  ownSchema: string,
): Promise<TableActivity[]> {
  const [result] = await connection.simple(question(ownSchema));
  return (result?.rows ?? []).map(([schema, name, rows, bytes, done, seconds]) => ({
    schema: schema ?? '',
    name: name ?? '',
    rows: Number(rows),
    bytes: Number(bytes),
    perSecond: Number(done) / Math.max(Number(seconds), SHORTEST_SECONDS),
  }));
}

function question(ownSchema: string): string {
  return `with recursive part (top, oid) as (
      select c.oid, c.oid from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm')
        and n.nspname not in ('pg_catalog', 'information_schema', ${literal(ownSchema)})
        and n.nspname not like 'pg\\_toast%' and n.nspname not like 'pg\\_temp%'
      union
      select p.top, i.inhrelid from part p
      join pg_catalog.pg_inherits i on i.inhparent = p.oid
    ), counted as (
      select p.top,
        pg_catalog.sum(case when c.relkind = 'p' then 0
          else greatest(c.reltuples, s.n_live_tup, 0) end) as live,
        pg_catalog.sum(c.relpages + coalesce(t.relpages, 0) + coalesce((
          select pg_catalog.sum(x.relpages) from pg_catalog.pg_index i
          join pg_catalog.pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid), 0)) as pages,
        pg_catalog.sum(coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) + coalesce(s.n_tup_ins, 0)
          + coalesce(s.n_tup_upd, 0) + coalesce(s.n_tup_del, 0)) as done
      from part p
      join pg_catalog.pg_class c on c.oid = p.oid
      left join pg_catalog.pg_class t on t.oid = c.reltoastrelid
      left join pg_catalog.pg_stat_user_tables s on s.relid = c.oid
      group by p.top
    )
    select n.nspname, c.relname, k.live::bigint,
      (k.pages * pg_catalog.current_setting('block_size')::bigint)::bigint, k.done::bigint,
      extract(epoch from pg_catalog.now() - coalesce(
        (select d.stats_reset from pg_catalog.pg_stat_database d
          where d.datname = pg_catalog.current_database()),
        pg_catalog.pg_postmaster_start_time()))::bigint
    from counted k
    join pg_catalog.pg_class c on c.oid = k.top
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    order by 1, 2`;
}
