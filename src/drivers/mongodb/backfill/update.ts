import type { ClientSession, Document } from 'mongodb';
import type { BackfillJob, RowChange } from '../../../ports/backfill-job.ts';
import type { Parts } from './parts.ts';

const BATCH = 1000;
const BATCH_BYTES = 8_000_000;
const LONGEST_MS = 45_000;

export interface Counts {
  readonly matched: number;
  readonly changed: number;
}

/** One statement of an `update` command. */
export interface Statement {
  readonly q: Document;
  readonly u: Document | Document[];
  readonly multi?: boolean;
  readonly hint?: string | Document;
  readonly collation?: Document;
}

/**
 * The plain command instead of the driver's `bulkWrite`: the same for the server, less
 * work here, and never a retryable write, whose bookkeeping costs the server more than
 * the update (the ledger makes repeating safe).
 */
export async function runUpdates(
  parts: Parts,
  job: BackfillJob,
  updates: Iterable<Statement>,
  session: ClientSession | undefined,
): Promise<Counts> {
  const counts = { matched: 0, changed: 0 };
  for (const batch of batches(updates, (one) => sizeOf(one.u) + sizeOf(one.q))) {
    const answer = await write(parts, { update: job.target, updates: batch }, session);
    counts.matched += Number(answer['n']);
    counts.changed += Number(answer['nModified']);
  }
  return counts;
}

export async function runDeletes(
  parts: Parts,
  job: BackfillJob,
  queries: readonly Document[],
  session: ClientSession | undefined,
): Promise<number> {
  let deleted = 0;
  for (const batch of batches(queries, sizeOf)) {
    const deletes = batch.map((q) => ({ q, limit: 1 }));
    deleted += Number((await write(parts, { delete: job.target, deletes }, session))['n']);
  }
  return deleted;
}

async function write(
  parts: Parts,
  command: Document,
  session: ClientSession | undefined,
): Promise<Document> {
  const options = session ? { session } : {};
  const answer = await parts.db.command(
    {
      ...command,
      ordered: true,
      maxTimeMS: LONGEST_MS,
      ...(session === undefined && { writeConcern: { w: 1 } }),
    },
    { ...options, ignoreUndefined: false },
  );
  const [refused] = (answer['writeErrors'] ?? []) as Document[];
  if (refused !== undefined) throw new parts.mongo.MongoServerError(refused);
  const concern = answer['writeConcernError'] as Document | undefined;
  if (concern !== undefined) throw new parts.mongo.MongoServerError(concern);
  return answer;
}

/** One row's change. The version of the row was checked by reading it in the same transaction. */
export function statementOf(q: Document, change: RowChange): Statement {
  if (change.type !== 'set') return { q, u: {} };
  const unset = Object.fromEntries((change.unset ?? []).map((name) => [name, 1]));
  const u: Document = {
    ...(Object.keys(change.values).length > 0 && { $set: change.values }),
    ...(Object.keys(unset).length > 0 && { $unset: unset }),
  };
  return { q, u };
}

function* batches<T>(all: Iterable<T>, size: (one: T) => number): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const one of all) {
    const more = size(one);
    if (batch.length > 0 && (batch.length >= BATCH || bytes + more > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(one);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

/** About; a command may have 16 MB. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length * 3 + 5;
  if (typeof value !== 'object' || value === null) return 9;
  if (ArrayBuffer.isView(value)) return value.byteLength + 10;
  const { buffer } = value as { buffer?: unknown };
  if (ArrayBuffer.isView(buffer)) return buffer.byteLength + 10;
  let bytes = 16;
  for (const name in value) bytes += name.length + 2 + sizeOf((value as Document)[name]);
  return bytes;
}
