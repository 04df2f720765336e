import type { BackfillJob, ReadRow } from '../../../ports/backfill-job.ts';
import { ident } from '../text.ts';
import { sqlStatement, withAlias } from './change-sql.ts';
import { chunkCondition, filterCondition, keyJson, keyOrder } from './key-sql.ts';
import type { Place } from './place.ts';
import { readRows } from './read.ts';
import type { Target } from './target.ts';

type Sample = {
  readonly before: ReadRow;
  readonly after?: Readonly<Record<string, unknown>> | undefined;
};

export async function sample(place: Place, job: BackfillJob, count: number): Promise<Sample[]> {
  const target = await place.target(job);
  const limit = Math.max(0, Math.round(count));
  const tail = `where ${filterCondition(job.filter)} order by ${keyOrder(target)} limit ${limit}`;
  const rows = await readRows(place, job, target, tail);
  if (rows.length === 0 || job.change.type === 'transform') {
    return rows.map((before) => ({ before }));
  }
  const after = await afterwards(place, job, target, rows);
  return rows.map((before) => ({ before, after: after.get(JSON.stringify(before.key)) }));
}

/** For `set` by asking for the expressions; for `sql` by doing it and rolling it back. */
async function afterwards(
  place: Place,
  job: BackfillJob,
  target: Target,
  rows: readonly ReadRow[],
): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  const keys = rows.map(({ key }) => key);
  const chunk = { ledger: job.ledger, n: 0, keys, attempts: 0 };
  const where = `where ${chunkCondition(target, chunk)}`;
  const key = `${keyJson(target)}::text as godwit_k`;
  const computed = (job.change.type === 'set' ? job.change.set : {}) as Record<string, string>;
  const values = target.columns.map(({ name, sql, type }) =>
    Object.hasOwn(computed, name)
      ? `(${computed[name]}\n)::${type} as ${ident(name)}`
      : `${sql} as ${ident(name)}`,
  );
  const select = `select ${key}, ${values.join(', ')} from ${target.table} ${where}`;
  const results =
    job.change.type === 'set'
      ? [await place.pool.read(select, false)]
      : await place.pool.tryOut(`${sqlFor(job, target, chunk)};${select}`, false);
  const found = results.findLast(({ rows: some }) => some.length > 0)?.rows ?? [];
  return new Map(
    found.map(({ godwit_k, ...row }) => [
      JSON.stringify(typeof godwit_k === 'string' ? JSON.parse(godwit_k) : godwit_k),
      row,
    ]),
  );
}

function sqlFor(
  job: BackfillJob,
  target: Target,
  chunk: Parameters<typeof chunkCondition>[1],
): string {
  return sqlStatement(job, target, (alias) => chunkCondition(withAlias(target, alias), chunk)).text;
}
