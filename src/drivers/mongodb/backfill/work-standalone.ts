import type { Document } from 'mongodb';
import type { BackfillJob, RowChange } from '../../../ports/backfill-job.ts';
import type { NativeKey } from './documents.ts';
import { LOSSLESS, type Parts } from './parts.ts';
import { equalTo } from './ranges.ts';
import { findRaw, type MongoRow } from './rows.ts';
import type { Target } from './target.ts';

/**
 * Without transactions nothing keeps a row as it was between reading and writing it, so
 * each statement asks whether what was read is still there.
 */
export function guardedQuery(
  parts: Parts,
  job: BackfillJob,
  { shape }: Target,
  row: MongoRow,
): Document {
  const then = parts.mongo.BSON.deserialize(row.raw, LOSSLESS);
  const own = equalTo(shape.fields, row.native);
  if (job.fields === undefined) return { ...own, $expr: { $eq: ['$$ROOT', { $literal: then }] } };
  const names = wholeFields(job.fields);
  const old = names.filter((name) => name in then).map((name) => [name, then[name]]);
  // Missing fields are left out of such an object, on both sides.
  const now = names.map((name) => [name, `$${name}`]);
  const same = [Object.fromEntries(now), { $literal: Object.fromEntries(old) }];
  return { ...own, $expr: { $eq: same } };
}

/** Whole fields, which can be compared, instead of paths into them. */
export function wholeFields(fields: readonly string[]): string[] {
  return [...new Set(fields.map((name) => name.split('.')[0] ?? name))];
}

/**
 * Rows that are not as their statement would have left them. The server tells only how
 * many statements found nothing; of those rows, one that somebody changed again at once
 * after us cannot be told from one that was changed before us.
 */
export async function notReached(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  pairs: readonly { readonly row: MongoRow; readonly change: RowChange }[],
): Promise<NativeKey[]> {
  const found: NativeKey[] = [];
  const text = (value: unknown): string =>
    parts.mongo.BSON.EJSON.stringify({ value } as never, { relaxed: true });
  for (const { row, change } of pairs) {
    const own = equalTo(target.shape.fields, row.native);
    const [raw] = await findRaw(parts, job, { $and: [own, job.filter ?? {}] }, { limit: 1 });
    if (raw === undefined) continue;
    const now = parts.mongo.BSON.deserialize(raw);
    const ours =
      change.type === 'set' &&
      Object.entries(change.values).every(
        ([path, value]) => text(valueAt(now, path)) === text(value),
      );
    if (!ours) found.push(row.native);
  }
  return found;
}

function valueAt(document: Document, path: string): unknown {
  let value: unknown = document;
  for (const name of path.split('.')) value = (value as Document | undefined | null)?.[name];
  return value;
}
