import type { BackfillInspection } from '../../../ports/backfill.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { rankOf } from './bson-order.ts';
import { toUpdate } from './change.ts';
import type { NativeKey } from './documents.ts';
import { keyFieldInSet } from './key-changes.ts';
import { collectionOf, hasTransactions, type Parts, toNumber } from './parts.ts';
import { checkChange, edgeKey, findTarget, invalid, type Target } from './target.ts';

const COUNT_MS = 700;
const OBJECT_ID = rankOf({ _bsontype: 'ObjectId' });

/** What `begin` needs to know beside what people are told. */
export interface Survey extends BackfillInspection {
  readonly target: Target;
  readonly top: NativeKey | undefined;
  readonly bottom: NativeKey | undefined;
}

export async function survey(parts: Parts, job: BackfillJob): Promise<Survey> {
  if (job.change.type === 'sql') throw invalid(job, 'is in MongoDB, which has no SQL');
  const target = await findTarget(parts, job);
  if (job.change.type === 'set') {
    const field = keyFieldInSet(job, target.shape.fields);
    if (field)
      throw invalid(job, `may not have ${field} changed by \`set\`: it is part of the key`);
    await checkChange(parts, job, toUpdate(job));
  }
  const [total, top, bottom, rowBytes] = await Promise.all([
    knownTotal(parts, job).then((known) => known ?? countRows(parts, job)),
    edgeKey(parts, job, target, 'top'),
    edgeKey(parts, job, target, 'bottom'),
    averageSize(parts, job),
  ]);
  const exactlyOnce = hasTransactions(parts);
  return {
    key: target.shape.fields,
    ...total,
    guarantee: exactlyOnce ? 'exactly-once' : 'at-least-once',
    notes: notesOf(job, target, exactlyOnce),
    growingKey: isGrowing(target, top, bottom),
    ...(rowBytes !== undefined && { rowBytes }),
    target,
    top,
    bottom,
  };
}

/** Of a ledger that is resumed, so that resuming does not wait for a count. */
async function knownTotal(
  parts: Parts,
  job: BackfillJob,
): Promise<{ total: number; exact: boolean } | undefined> {
  const head = await parts.ledgers.findOne({ _id: job.ledger });
  const resumed = head?.state === 'running' || head?.state === 'failed';
  return resumed ? { total: toNumber(head.total), exact: head.exact } : undefined;
}

/** A count, if that is quick; else what the server believes. */
async function countRows(
  parts: Parts,
  job: BackfillJob,
): Promise<{ total: number; exact: boolean }> {
  const rows = collectionOf(parts, job);
  try {
    const hint = job.filter === undefined ? { hint: { _id: 1 } } : {};
    const filter = (job.filter ?? {}) as object;
    return {
      total: await rows.countDocuments(filter, { maxTimeMS: COUNT_MS, ...hint }),
      exact: true,
    };
  } catch {
    return { total: await rows.estimatedDocumentCount(), exact: false };
  }
}

async function averageSize(parts: Parts, job: BackfillJob): Promise<number | undefined> {
  try {
    const stats = await parts.db.command({ collStats: job.target });
    return stats['avgObjSize'] === undefined ? undefined : Number(stats['avgObjSize']);
  } catch {
    return undefined;
  }
}

/** ObjectIds begin with the time. Nothing else is known to grow. */
function isGrowing(
  target: Target,
  top: NativeKey | undefined,
  bottom: NativeKey | undefined,
): boolean {
  if (target.shape.fields.length > 1 || target.shape.fields[0] !== '_id') return false;
  const isObjectId = (key: NativeKey | undefined): boolean => rankOf(key?.[0]) === OBJECT_ID;
  return (top === undefined && bottom === undefined) || (isObjectId(top) && isObjectId(bottom));
}

function notesOf(job: BackfillJob, target: Target, exactlyOnce: boolean): string[] {
  const notes: string[] = [];
  if (!exactlyOnce) {
    notes.push(
      'This MongoDB is a standalone, without transactions: a chunk that is interrupted is done again from its start, so rows may be changed twice. Run it as a replica set (one member is enough) for exactly once.',
    );
  }
  if (target.sharded && target.shape.fields[0] === '_id') {
    notes.push(
      'The collection is sharded: each chunk asks all shards, unless _id is the shard key.',
    );
  }
  if (target.sharded && job.touched) {
    notes.push('Undoing looks rows up by _id, which must be unique over all shards.');
  }
  return notes;
}
