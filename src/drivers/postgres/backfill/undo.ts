import { overtaken } from '../../../core/backfill/refuse-undo.ts';
import type { UndoOptions, UndoResult } from '../../../ports/backfill.ts';
import type { BackfillJob, KeyValue } from '../../../ports/backfill-job.ts';
import { ident, literal } from '../text.ts';
import { beginUndo } from './begin-undo.ts';
import { parseKey } from './key-sql.ts';
import type { Place } from './place.ts';
import type { Column, Target } from './target.ts';
import { hashSql, restoreSql } from './touched.ts';

/** Keys of rows left alone that are named. */
const NAMED = 1_000;

/**
 * Newest first, each batch in a transaction of its own: what is restored is struck off in
 * it, so that an undo that is interrupted goes on where it was.
 */
export async function undo(
  place: Place,
  job: BackfillJob,
  options: UndoOptions,
): Promise<UndoResult> {
  const target = await place.target(job);
  const { touched } = place.tables;
  const ledger = `ledger = ${literal(job.ledger)}`;
  const { name, generation } = await beginUndo(place, job.ledger, options.worker);
  options.onBegun();
  const mine = `${place.tables.ledger} where ${ledger} and state = 'undoing' and generation = ${generation}`;
  await place.pool.run(`update ${touched} set skipped = false where ${ledger} and skipped`);
  let restored = 0;
  while (!options.signal.aborted) {
    const layout = await nextLayout(place, ledger);
    if (layout === undefined) break;
    const some = await undoBatch(place, target, { ledger, mine, layout, batch: options.batch });
    if (some === undefined) throw overtaken(name);
    restored += some;
    options.onProgress(restored);
  }
  const [skipped, keys] = await place.pool.run(
    // A row that was changed several times is one row.
    `select count(distinct key) from ${touched} where ${ledger} and skipped;
    select key from ${touched} where ${ledger} and skipped group by key order by min(id) limit ${NAMED}`,
  );
  return {
    restored,
    skipped: Number(skipped?.rows[0]?.[0]),
    skippedKeys: (keys?.rows ?? []).map(([key]) => parseKey(key) as KeyValue),
  };
}

const NAMES = `(select pg_catalog.json_agg(k.name order by k.at)::text
  from pg_catalog.json_object_keys(t.before) with ordinality k(name, at))`;

/** The columns that the newest image was made of: the table may have changed since. */
async function nextLayout(place: Place, ledger: string): Promise<readonly string[] | undefined> {
  const [result] = await place.pool.run(
    `select ${NAMES} from ${place.tables.touched} t where ${ledger} and not skipped
    order by generation desc, chunk desc, id desc limit 1`,
  );
  const names = result?.rows[0]?.[0];
  return names == null ? undefined : (JSON.parse(names) as string[]);
}

interface Batch {
  readonly ledger: string;
  /** The ledger while this undo is what goes on. */
  readonly mine: string;
  readonly layout: readonly string[];
  readonly batch: number;
}

/** @returns how many rows are as they were; undefined when others took it over */
async function undoBatch(
  place: Place,
  target: Target,
  { ledger, mine, layout, batch }: Batch,
): Promise<number | undefined> {
  const { touched } = place.tables;
  const columns = layout.flatMap((name) => target.columns.find((each) => each.name === name) ?? []);
  const whole = columns.length === layout.length;
  const same = target.key
    .map(({ sql, type }, at) => `${sql} = (b.key->>${at})::${type}`)
    .join(' and ');
  const mutable = columns.filter(
    (column) => !column.generated && !column.identity && !target.key.includes(column),
  );
  const [lock, result] = await place.pool.run(
    `select 1 from ${mine} for share;
    with n as materialized (select t.id, t.generation, t.chunk, t.key, t.before, t.after, t.deleted from ${touched} t
      where ${ledger} and not skipped and exists (select 1 from ${mine}) order by t.generation desc, t.chunk desc, t.id desc limit ${Math.max(1, Math.round(batch))} for update),
    t as materialized (select distinct on (key) * from n order by key, generation desc, chunk desc, id desc),
    b as materialized (select t.* from t where ${NAMES}::jsonb = ${literal(JSON.stringify(layout))}::jsonb),
    ${whole ? restoreParts(target, columns, mutable, same) : 'done as (select b.id, b.generation, b.chunk from b where false)'},
    d as (delete from ${touched} t using done where ${ledger} and ${itself('done')} returning 1),
    s as (update ${touched} t set skipped = true from b where ${ledger} and ${itself('b')} and t.id not in (select id from done))
    select count(*) from d`,
  );
  return lock?.rowCount === 1 ? Number(result?.rows[0]?.[0]) : undefined;
}

function itself(other: string): string {
  return ['generation', 'chunk', 'id'].map((name) => `t.${name} = ${other}.${name}`).join(' and ');
}

function restoreParts(
  target: Target,
  columns: readonly Column[],
  mutable: readonly Column[],
  same: string,
): string {
  const names = columns.map(({ name }) => ident(name)).join(', ');
  const values = columns
    .map(({ name, type }) => `(b.before->>${literal(name)})::${type}`)
    .join(', ');
  const hash = hashSql(columns);
  // Nothing but the key: there was nothing to change.
  const update =
    mutable.length === 0
      ? 'select b.id, b.generation, b.chunk from b where not b.deleted'
      : `update ${target.table} set ${restoreSql(mutable, 'b.before')} from b
        where not b.deleted and ${same} and ${hash} = b.after returning b.id, b.generation, b.chunk`;
  const key = target.key.map(({ sql }) => `${sql}::text`).join();
  return `u as (${update}),
    i as (insert into ${target.table} (${names}) overriding system value
      select ${values} from b where b.deleted on conflict do nothing
      returning pg_catalog.jsonb_build_array(${key}) as key),
    done as (select * from u union all select b.id, b.generation, b.chunk from b join i on i.key = b.key where b.deleted)`;
}
