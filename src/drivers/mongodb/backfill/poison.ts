import type { ClientSession } from 'mongodb';
import type { ErrorInfo } from '../../../errors.ts';
import type { BackfillJob, Chunk } from '../../../ports/backfill-job.ts';
import type { Poisoned } from '../../../ports/backfill-ledger.ts';
import { addChunks } from './add-chunks.ts';
import type { ChunkDocument, LedgerDocument, NativeKey } from './documents.ts';
import { holding, settle } from './held.ts';
import { keyText, toKeyValue } from './keys.ts';
import { NOTHING } from './outcome.ts';
import { type Parts, toNumber } from './parts.ts';
import { chunkQuery } from './ranges.ts';
import { exactKey, findRaw } from './rows.ts';
import { findTarget } from './target.ts';
import { transact } from './transaction.ts';

const RETRIED_TOGETHER = 500;
/** What was given up, or is undone, does not go on. */
const GOES_ON: readonly LedgerDocument['state'][] = ['running', 'complete', 'failed'];

interface BadRow {
  readonly key: NativeKey;
  readonly error: ErrorInfo;
}

/** @returns how many */
export async function setAside(
  parts: Parts,
  chunk: ChunkDocument,
  bad: readonly BadRow[],
  session: ClientSession | undefined,
): Promise<number> {
  for (const { key, error } of bad) {
    const { ledger } = chunk;
    const generation = toNumber(chunk.generation);
    const _id = { l: ledger, g: generation, k: keyText(parts.mongo, key) };
    const attempts = toNumber(chunk.attempts) + 1;
    await parts.poison.updateOne(
      { _id },
      [
        {
          $set: {
            ledger: { $literal: ledger },
            generation,
            key: { $literal: key },
            error: { $literal: error },
            attempts: { $add: [{ $ifNull: ['$attempts', 0] }, attempts] },
            at: '$$NOW',
          },
        },
      ],
      { upsert: true, ...(session && { session }) },
    );
  }
  return bad.length;
}

export async function poisonChunk(
  parts: Parts,
  job: BackfillJob,
  chunk: Chunk,
  worker: string,
  error: ErrorInfo,
): Promise<void> {
  const held = holding(parts, chunk, worker);
  if (held === undefined) return;
  const target = await findTarget(parts, job);
  const query = chunkQuery(target.shape, held.chunk, job.filter);
  await settle(parts, held, async (session) => {
    const rows = await findRaw(parts, job, query, {
      projection: target.projection,
      hint: target.hint,
      ...(session && { session }),
    });
    const keys = rows.map((raw) => exactKey(parts.mongo, target.shape.fields, raw));
    const bad = keys.map((key) => ({ key, error }));
    const poisoned = await setAside(parts, held.chunk, bad, session);
    return { ...NOTHING, rows: poisoned, poisoned };
  });
}

export async function listPoisoned(
  parts: Parts,
  ledger: string,
  limit: number,
): Promise<Poisoned[]> {
  const head = await parts.ledgers.findOne({ _id: ledger });
  if (head === null) return [];
  const found = await parts.poison
    .find({ ledger, generation: head.generation })
    .sort({ at: 1, _id: 1 })
    .limit(limit)
    .toArray();
  const { EJSON } = parts.mongo.BSON;
  return found.map(({ key, error, attempts, at }) => ({
    key: toKeyValue(parts.mongo, key),
    error: JSON.parse(EJSON.stringify(error, { relaxed: true })) as ErrorInfo,
    attempts: toNumber(attempts),
    at,
  }));
}

/** Each batch leaves the list and becomes a chunk in one transaction. */
export async function retryPoisoned(parts: Parts, ledger: string): Promise<number> {
  for (let count = 0; ; ) {
    const head = await parts.ledgers.findOne({ _id: ledger });
    if (head === null || !GOES_ON.includes(head.state)) return count;
    const { generation } = head;
    const bad = await parts.poison.find({ ledger, generation }).limit(RETRIED_TOGETHER).toArray();
    if (bad.length === 0) return count;
    await parts.ledgers.updateOne(
      { _id: ledger, generation, state: { $in: GOES_ON } },
      { $set: { state: 'running' }, $unset: { endedAt: 1, error: 1 } },
    );
    await transact(parts, async (session) => {
      const like = { ledger, generation, sweep: head.sweep };
      await addChunks(parts, like, [{ keys: bad.map(({ key }) => key) }], session);
      const ids = bad.map(({ _id }) => _id);
      await parts.poison.deleteMany({ _id: { $in: ids } }, session ? { session } : {});
    });
    count += bad.length;
  }
}
