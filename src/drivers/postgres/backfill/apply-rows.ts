import type { ErrorInfo } from '../../../errors.ts';
import type { ReadRow, RowChange } from '../../../ports/backfill-job.ts';
import { ident, jsonLiteral, literal } from '../text.ts';
import { type Claimed, finish, gate, insertTouched, touchedHead } from './claimed.ts';
import { chunkCondition, keyJson, keyLiteral } from './key-sql.ts';
import type { VersionedRow } from './read.ts';
import { type Sorted, sortChanges } from './sort-changes.ts';
import type { Column, Target } from './target.ts';
import { hashSql, imageSql, kept } from './touched.ts';
import { textArray } from './values.ts';

/**
 * What a transform drew, as one statement: arrays of values, applied to the rows that
 * still are the version that was read. The others become a chunk of their own.
 */
export function rowsStatement(
  claimed: Claimed,
  rows: readonly ReadRow[],
  changes: readonly RowChange[],
): string {
  const sorted = sortChanges(claimed, rows as readonly VersionedRow[], changes);
  const { updates, deletes, poison } = sorted;
  const parts = [
    ...(updates.length > 0 ? updateParts(claimed, updates) : []),
    ...(deletes.length > 0 ? deleteParts(claimed, deletes) : []),
    ...(poison.length > 0 ? [poisonPart(claimed, poison)] : []),
  ];
  const names = [
    ...(updates.length > 0 ? ['godwit_u'] : []),
    ...(deletes.length > 0 ? ['godwit_x'] : []),
  ];
  const sum = (tail: string): string =>
    names.map((name) => `(select count(*) from ${name}${tail})`).join(' + ') || '0';
  const counts = {
    rows: String(rows.length),
    changed: updates.length > 0 ? '(select count(*) from godwit_u)' : '0',
    deleted: deletes.length > 0 ? '(select count(*) from godwit_x)' : '0',
    conflicts: sum('m where not refused'),
    poisoned: `${poison.length} + ${sum('m where refused')}`,
  };
  const head = parts.length === 0 ? '' : `with ${parts.join(',\n')}\n`;
  return head + finish(claimed, counts);
}

function arrayLiteral(values: readonly (string | null)[]): string {
  return `${literal(textArray(values))}::text[]`;
}

/** The rows to be changed as a table: number, key, version, then values. */
function given(
  name: string,
  target: Target,
  rows: readonly VersionedRow[],
  values: readonly { readonly name: string; readonly texts: readonly (string | null)[] }[],
): string {
  const unnest = (texts: readonly (string | null)[]): string =>
    `pg_catalog.unnest(${arrayLiteral(texts)})`;
  const columns = [
    ...target.key.map(
      ({ type }, at) => `${unnest(rows.map(({ key }) => String(key[at])))}::${type} as k${at}`,
    ),
    `${unnest(rows.map(({ version }) => version))}::xid as x`,
    ...values.map((each) => `${unnest(each.texts)} as ${each.name}`),
    `pg_catalog.generate_series(1, ${rows.length}) as i`,
  ];
  // Side by side in the list they cost less than as functions that are joined.
  return `${name} as materialized (select ${columns.join(',\n')})`;
}

function updateParts(claimed: Claimed, updates: Sorted['updates']): string[] {
  const { job, target } = claimed;
  const rows = updates.map(({ read }) => read);
  const names = [...new Set(updates.flatMap(({ values }) => [...values.keys()]))];
  const arrays: { name: string; texts: (string | null)[] }[] = [];
  const set: string[] = [];
  for (const [at, name] of names.entries()) {
    const column = target.columns.find((each) => each.name === name) as Column;
    arrays.push({ name: `v${at}`, texts: updates.map(({ values }) => values.get(name) ?? null) });
    const value = `godwit_d.v${at}::${column.type}`;
    if (updates.every(({ values }) => values.has(name))) {
      set.push(`${ident(name)} = ${value}`);
      continue;
    }
    // Only some rows have this column set.
    arrays.push({
      name: `f${at}`,
      texts: updates.map(({ values }) => (values.has(name) ? 't' : 'f')),
    });
    set.push(
      `${ident(name)} = case when godwit_d.f${at} = 't' then ${value} else ${column.sql} end`,
    );
  }
  const where = stillAsRead(claimed, 'godwit_d');
  const image = job.touched
    ? `, ${keyJson(target)} as k, godwit_b.image, ${hashSql(kept(target))} as h`
    : '';
  const before = job.touched
    ? [
        `godwit_b as materialized (select godwit_d.i, ${imageSql(target)} as image
  from ${target.table}, godwit_d where ${where} for no key update of ${target.alias})`,
      ]
    : [];
  return [
    given('godwit_d', target, rows, arrays),
    ...before,
    `godwit_u as (update ${target.table} set ${set.join(', ')}
  from godwit_d${job.touched ? ' join godwit_b using (i)' : ''} where ${where} returning godwit_d.i${image})`,
    ...(job.touched
      ? [
          `godwit_ut as (${insertTouched(claimed)} select ${touchedHead(claimed)}, k, image, h, false from godwit_u)`,
        ]
      : []),
    ...conflictParts(claimed, 'godwit_u', 'godwit_d', 'godwit_u', rows.length),
  ];
}

function deleteParts(claimed: Claimed, rows: readonly VersionedRow[]): string[] {
  const { job, target } = claimed;
  const image = job.touched ? `, ${keyJson(target)} as k, ${imageSql(target)} as image` : '';
  return [
    given('godwit_e', target, rows, []),
    `godwit_x as (delete from ${target.table} using godwit_e where ${stillAsRead(claimed, 'godwit_e')}
  returning godwit_e.i${image})`,
    ...(job.touched
      ? [
          `godwit_xt as (${insertTouched(claimed)} select ${touchedHead(claimed)}, k, image, null, true from godwit_x)`,
        ]
      : []),
    ...conflictParts(claimed, 'godwit_x', 'godwit_e', 'godwit_x', rows.length),
  ];
}

/** The range again, though the keys say it all: it tells the planner how few the rows are. */
function stillAsRead(claimed: Claimed, name: string): string {
  const { target, chunk } = claimed;
  return [
    ...target.key.map(({ sql }, at) => `${sql} = ${name}.k${at}`),
    `${target.alias}.xmin = ${name}.x`,
    ...(chunk.keys ? [] : [chunkCondition(target, chunk)]),
    gate(claimed),
  ].join(' and ');
}

/**
 * Rows that somebody changed since they were read, to be read again. One that comes back
 * as the same version was refused, by a trigger or by row security: it is set aside.
 */
function conflictParts(
  claimed: Claimed,
  name: string,
  from: string,
  done: string,
  rows: number,
): string[] {
  const { target, place, chunk } = claimed;
  const t = place.tables;
  const key = `pg_catalog.jsonb_build_array(${target.key.map((_, at) => `d.k${at}::text`).join()})`;
  const again = `exists (select 1 from ${t.chunk} c, rows from (pg_catalog.jsonb_array_elements(c.keys),
      pg_catalog.unnest(c.versions)) s(key, version)
    where c.n = ${chunk.n} and s.key = ${key} and s.version = d.x::text)`;
  return [
    `${name}m as materialized (select ${key} as key, d.x::text as version, d.i, ${chunk.keys ? again : 'false'} as refused
  from ${from} d where (select count(*) from ${done}) < ${rows} and d.i not in (select i from ${done}) and ${gate(claimed)})`,
    `${name}c as (insert into ${t.chunk} (ledger, generation, sweep, state, keys, versions)
  select c.ledger, c.generation, c.sweep, 'waiting', m.keys, m.versions
  from ${t.chunk} c, (select pg_catalog.jsonb_agg(key order by i) as keys,
    pg_catalog.array_agg(version order by i) as versions from ${name}m where not refused) m
  where c.n = ${chunk.n} and m.keys is not null)`,
    ...(chunk.keys
      ? [
          `${name}p as (${insertPoison(t.poison)}
  select c.ledger, c.generation, m.key, ${jsonLiteral(REFUSED)}, c.attempts + 1
  from ${t.chunk} c, ${name}m m where c.n = ${chunk.n} and m.refused ${POISON_AGAIN})`,
        ]
      : []),
  ];
}

const REFUSED: ErrorInfo = {
  code: 'GODWIT_BACKFILL_FAILED',
  message: 'The row was not changed: a trigger or row level security holds it back.',
};

function poisonPart(claimed: Claimed, poison: Sorted['poison']): string {
  const { place, chunk } = claimed;
  const rows = poison.map(({ key, error }) => `(${keyLiteral(key)}, ${jsonLiteral(error)})`);
  return `godwit_p as (${insertPoison(place.tables.poison)}
  select c.ledger, c.generation, p.key, p.error, c.attempts + 1
  from ${place.tables.chunk} c, (values ${rows.join(',\n')}) p(key, error)
  where c.n = ${chunk.n} and ${gate(claimed)} ${POISON_AGAIN})`;
}

export function insertPoison(table: string): string {
  return `insert into ${table} (ledger, generation, key, error, attempts)`;
}

export const POISON_AGAIN = `on conflict (ledger, generation, key) do update
  set error = excluded.error, attempts = excluded.attempts, at = pg_catalog.clock_timestamp()`;
