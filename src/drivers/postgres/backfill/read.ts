import type { BackfillJob, Chunk, ReadBatch, ReadRow } from '../../../ports/backfill-job.ts';
import { chunkCondition, filterCondition } from './key-sql.ts';
import type { Place } from './place.ts';
import { type Column, invalid, type Target } from './target.ts';

/** A row with the version of it that was read: each change of a row gives it another one. */
export interface VersionedRow extends ReadRow {
  readonly version: string;
}

const SAMPLED = 20;

export async function read(place: Place, job: BackfillJob, chunk: Chunk): Promise<ReadBatch> {
  const target = await place.target(job);
  const rows = await readRows(
    place,
    job,
    target,
    `where ${chunkCondition(target, chunk)} and ${filterCondition(job.filter)}`,
  );
  const sampled = rows.slice(0, SAMPLED).reduce((sum, { row }) => sum + sizeOf(row), 0);
  return {
    rows,
    bytes: rows.length === 0 ? 0 : (sampled * rows.length) / Math.min(SAMPLED, rows.length),
  };
}

/** @param tail what follows the FROM */
export async function readRows(
  place: Place,
  job: BackfillJob,
  target: Target,
  tail: string,
): Promise<VersionedRow[]> {
  const columns = columnsRead(job, target);
  const list = [
    ...target.key.map(({ sql }, at) => `${sql}::text as "godwit_k${at}"`),
    `${target.alias}.xmin::text as godwit_x`,
    ...columns.map(({ sql }) => sql),
  ];
  const sql = `select ${list.join(', ')} from ${target.table} ${tail}`;
  const { rows } = await place.pool.read(sql, !place.embedded);
  return place.embedded
    ? rows.map((row) => fromObject(row as Record<string, unknown>, target, columns))
    : rows.map((row) => fromArray(row as unknown as unknown[], target, columns));
}

export function columnsRead(job: BackfillJob, target: Target): readonly Column[] {
  if (job.fields === undefined) return target.columns;
  return job.fields.map((name) => {
    const column = target.columns.find((each) => each.name === name);
    if (!column) throw invalid(job, `${job.target} has no column ${name} (fields)`, []);
    return column;
  });
}

function fromArray(values: unknown[], { key }: Target, columns: readonly Column[]): VersionedRow {
  const row: Record<string, unknown> = {};
  const from = key.length + 1;
  for (const [at, { name }] of columns.entries()) row[name] = values[from + at];
  return { key: values.slice(0, key.length), row, version: String(values[key.length]) };
}

function fromObject(
  values: Record<string, unknown>,
  { key }: Target,
  columns: readonly Column[],
): VersionedRow {
  const row: Record<string, unknown> = {};
  for (const { name } of columns) row[name] = values[name];
  return {
    key: key.map((_, at) => values[`godwit_k${at}`]),
    row,
    version: String(values['godwit_x']),
  };
}

function sizeOf(row: Readonly<Record<string, unknown>>): number {
  let bytes = 0;
  for (const value of Object.values(row)) {
    if (typeof value === 'string') bytes += value.length;
    else if (value instanceof Uint8Array) bytes += value.length;
    else if (typeof value === 'object' && value !== null) bytes += JSON.stringify(value).length;
    else bytes += 8;
  }
  return bytes;
}
