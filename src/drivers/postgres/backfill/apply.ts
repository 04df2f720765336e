import type { ChunkResult, ReadRow, RowChange } from '../../../ports/backfill-job.ts';
import type { SimpleResult } from '../connection.ts';
import { literal } from '../text.ts';
import { rowsStatement } from './apply-rows.ts';
import { assignments, setStatement, sqlStatement, withAlias } from './change-sql.ts';
import { type Claimed, finish, gate, insertTouched, mine, touchedHead } from './claimed.ts';
import {
  castColumns,
  castKey,
  chunkCondition,
  filterCondition,
  keyJson,
  keyRow,
} from './key-sql.ts';
import { hashSql, imageSql, kept } from './touched.ts';

/** One message: the chunk's row is locked, its work done, and that written down. */
export async function apply(
  claimed: Claimed,
  work?: { readonly rows: readonly ReadRow[]; readonly changes: readonly RowChange[] },
): Promise<ChunkResult | undefined> {
  const { job, place } = claimed;
  const statements =
    job.change.type === 'transform'
      ? [rowsStatement(claimed, work?.rows ?? [], work?.changes ?? [])]
      : job.change.type === 'set'
        ? [job.touched ? setAndKeep(claimed) : counted(claimed, setSql(claimed), 'update')]
        : job.touched
          ? sqlAndKeep(claimed)
          : [sqlCounted(claimed)];
  const results = await place.pool.run([lockChunk(claimed), ...statements].join(';'));
  if (results[0]?.rowCount !== 1) return undefined;
  return toResult(results.find(({ columns }) => columns.includes('godwit_ms')));
}

function lockChunk(claimed: Claimed): string {
  return `select 1 from ${mine(claimed)} for update`;
}

function setSql(claimed: Claimed): string {
  const { job, target, chunk } = claimed;
  return setStatement(job, target, `${chunkCondition(target, chunk)} and ${gate(claimed)}`);
}

function counted(claimed: Claimed, sql: string, verb: 'update' | 'delete'): string {
  const count = '(select count(*) from godwit_u)';
  const counts = verb === 'update' ? { changed: count } : { deleted: count };
  return `with godwit_u as (${sql}\nreturning 1) ${finish(claimed, { rows: count, ...counts })}`;
}

function sqlCounted(claimed: Claimed): string {
  const { job, target, chunk } = claimed;
  const { text, verb } = sqlStatement(job, target, (alias) =>
    [
      chunkCondition(withAlias(target, alias), chunk),
      gate(claimed),
      filterCondition(job.filter),
    ].join(' and '),
  );
  return counted(claimed, text, verb);
}

/** With the rows as they were: locked, so that they are what is changed. */
function setAndKeep(claimed: Claimed): string {
  const { job, target, chunk } = claimed;
  const keys = target.key.map(({ sql }, at) => `${sql} as godwit_k${at}`);
  const same = target.key.map(({ sql }, at) => `${sql} = godwit_b.godwit_k${at}`);
  const count = '(select count(*) from godwit_u)';
  return `with godwit_b as materialized (
  select ${keys.join(', ')}, ${imageSql(target)} as godwit_image from ${target.table}
  where ${chunkCondition(target, chunk)} and ${gate(claimed)} and ${filterCondition(job.filter)}
  for no key update of ${target.alias}),
godwit_u as (update ${target.table} set ${assignments(job, target)} from godwit_b where ${same.join(' and ')}
  returning ${keyJson(target)} as k, godwit_b.godwit_image as image, ${hashSql(kept(target))} as h),
godwit_t as (${insertTouched(claimed)} select ${touchedHead(claimed)}, k, image, h, false from godwit_u)
${finish(claimed, { rows: count, changed: count })}`;
}

/** Nobody knows beforehand which rows the statement changes: all of the chunk are kept, then compared. */
function sqlAndKeep(claimed: Claimed): string[] {
  const { place, job, target, chunk } = claimed;
  const { touched } = place.tables;
  const its = `(godwit_t.ledger, godwit_t.generation, godwit_t.chunk) = (${touchedHead(claimed)})`;
  const { text, verb } = sqlStatement(job, target, (alias) => {
    const aliased = withAlias(target, alias);
    return `${keyRow(aliased)} in (select ${castColumns(target, 'godwit_t.key').join(', ')} from ${touched} godwit_t where ${its}) and ${gate(claimed)}`;
  });
  const justDone = `exists (select 1 from ${place.tables.chunk} where n = ${chunk.n} and state = 'done'
    and token = ${literal(chunk.token)} and done_at >= pg_catalog.transaction_timestamp())`;
  const same = `${keyRow(target)} = ${castKey(target, 'godwit_t.key')}`;
  return [
    `${insertTouched(claimed)} select ${touchedHead(claimed)}, ${keyJson(target)}, ${imageSql(target)}, null, true
      from ${target.table} where ${chunkCondition(target, chunk)} and ${gate(claimed)} and ${filterCondition(job.filter)}
      for update of ${target.alias}`,
    counted(claimed, text, verb),
    `delete from ${touched} godwit_t using ${target.table} where ${its} and ${justDone} and ${same}
      and godwit_t.before::text = ${imageSql(target)}::text`,
    `update ${touched} godwit_t set after = ${hashSql(kept(target))}, deleted = false
      from ${target.table} where ${its} and ${justDone} and ${same}`,
  ];
}

function toResult(result: SimpleResult | undefined): ChunkResult | undefined {
  const row = result?.rows[0];
  if (!row) return undefined;
  const [rows, changed, deleted, conflicts, poisoned, durationMs] = row.map(Number);
  return {
    rows: rows ?? 0,
    changed: changed ?? 0,
    deleted: deleted ?? 0,
    conflicts: conflicts ?? 0,
    poisoned: poisoned ?? 0,
    durationMs: durationMs ?? 0,
  };
}
