import type { ClientSession, Document } from 'mongodb';
import type { Backfills } from '../../../ports/backfill.ts';
import type { BackfillJob, ReadRow } from '../../../ports/backfill-job.ts';
import { abort } from '../transaction.ts';
import { toUpdate } from './change.ts';
import { keyText } from './keys.ts';
import { collectionOf, hasTransactions, type Parts } from './parts.ts';
import { keyAlternatives, withFilter } from './ranges.ts';
import { findRaw, MongoRow, projectionOf } from './rows.ts';
import { findTarget, type Target } from './target.ts';
import { putBack, takeSession } from './transaction.ts';
import { runUpdates } from './update.ts';

type Sample = Awaited<ReturnType<Backfills['sample']>>;

export async function sample(parts: Parts, job: BackfillJob, count: number): Promise<Sample> {
  const target = await findTarget(parts, job);
  const isSet = job.change.type === 'set';
  const projection = isSet ? undefined : projectionOf(job, target);
  const found = await findRaw(parts, job, (job.filter ?? {}) as Document, {
    limit: count,
    ...(projection && { projection }),
  });
  const rows = found.map((raw) => new MongoRow(parts.mongo, target.shape.fields, raw));
  if (!isSet || rows.length === 0) return rows.map((before) => ({ before }));
  const after = await preview(parts, job, target, rows);
  return rows.map((before) => {
    const one = after?.get(keyText(parts.mongo, before.native));
    return one ? { before, after: one } : { before };
  });
}

type After = ReadonlyMap<string, ReadRow['row']>;

async function preview(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  rows: readonly MongoRow[],
): Promise<After | undefined> {
  const update = toUpdate(job);
  const keys = rows.map(({ native }) => native);
  const q = withFilter(keyAlternatives(target.shape.fields, keys), undefined);
  if (Array.isArray(update)) {
    const documents = collectionOf(parts, job).aggregate([{ $match: q }, ...update], { raw: true });
    return byKey(parts, target, (await documents.toArray()) as never);
  }
  if (!hasTransactions(parts)) return undefined;
  return byKey(parts, target, await tryAndRollBack(parts, job, q, update));
}

/** Update operators can only be seen at work; the transaction is never committed. */
async function tryAndRollBack(
  parts: Parts,
  job: BackfillJob,
  q: Document,
  u: Document,
): Promise<Uint8Array[]> {
  const session = takeSession(parts) as ClientSession;
  session.startTransaction({ readConcern: { level: 'local' }, readPreference: 'primary' });
  try {
    await runUpdates(parts, job, [{ q, u, multi: true }], session);
    return await findRaw(parts, job, q, { session });
  } finally {
    await abort(session);
    putBack(parts, session);
  }
}

function byKey(parts: Parts, { shape }: Target, found: readonly Uint8Array[]): After {
  const rows = found.map((raw) => new MongoRow(parts.mongo, shape.fields, raw));
  return new Map(rows.map((row) => [keyText(parts.mongo, row.native), row.row]));
}
