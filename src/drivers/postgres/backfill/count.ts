import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { literal } from '../text.ts';
import { castKeyOf, filterCondition, keyRow } from './key-sql.ts';
import type { Place } from './place.ts';
import { LONG } from './pool.ts';

/** Rows that match now: up to the greatest key there was at the start, and beyond it. */
export async function remaining(
  place: Place,
  job: BackfillJob,
  { within: wanted = true }: { readonly within?: boolean | undefined } = {},
): Promise<{ readonly within: number; readonly beyond: number }> {
  const target = await place.target(job);
  const filter = filterCondition(job.filter);
  if (!target.growing) {
    if (!wanted) return { within: 0, beyond: 0 };
    const [all] = await place.pool.run(
      `select count(*) from ${target.table} where ${filter}`,
      LONG,
    );
    return { within: Number(all?.rows[0]?.[0]), beyond: 0 };
  }
  const end = target.descending ? 'first' : 'bound';
  const ledger = `${place.tables.ledger} l where l.ledger = ${literal(job.ledger)}`;
  const inside = `coalesce(${keyRow(target)} <= ${castKeyOf(target, end, ledger)}, false)`;
  if (!wanted) {
    const from = `from ${target.table} where ${filter}`;
    // By the index; without a bound the table was empty, and all is new.
    const [later] = await place.pool.run(
      `select (select count(*) ${from} and ${keyRow(target)} > ${castKeyOf(target, end, ledger)})
      + (select count(*) ${from} and coalesce((select ${end} is null from ${ledger}), true))`,
      LONG,
    );
    return { within: 0, beyond: Number(later?.rows[0]?.[0]) };
  }
  const [result] = await place.pool.run(
    `select count(*) filter (where ${inside}), count(*) filter (where not ${inside}) from ${target.table} where ${filter}`,
    LONG,
  );
  const [within, beyond] = result?.rows[0] ?? [];
  return { within: Number(within), beyond: Number(beyond) };
}

export async function count(
  place: Place,
  job: BackfillJob,
  filter: unknown,
  limit?: number,
): Promise<number> {
  const target = await place.target(job);
  const from = `from ${target.table} where ${filterCondition(filter)}`;
  const sql =
    limit === undefined
      ? `select count(*) ${from}`
      : `select count(*) from (select 1 ${from} limit ${Math.max(0, Math.round(limit))}) x`;
  const [result] = await place.pool.run(sql, LONG);
  return Number(result?.rows[0]?.[0]);
}
