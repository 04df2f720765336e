import { createHash } from 'node:crypto';
import type { ClientSession, Document } from 'mongodb';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type { ChunkDocument, TouchedDocument } from './documents.ts';
import { keyText } from './keys.ts';
import type { Parts } from './parts.ts';
import { exactKey, findRaw } from './rows.ts';

export function preImages(
  parts: Parts,
  job: BackfillJob,
  query: Document,
  session: ClientSession | undefined,
  hint: string | Document,
): Promise<Uint8Array[]> {
  return findRaw(parts, job, query, { hint, ...(session && { session }) });
}

/**
 * Keeps what rows were before, in the transaction that changed them. A row that was
 * touched before in this generation keeps its first pre-image, and gets a new hash.
 */
export async function keepTouched(
  parts: Parts,
  job: BackfillJob,
  chunk: ChunkDocument,
  before: readonly Uint8Array[],
  session: ClientSession | undefined,
): Promise<void> {
  if (before.length === 0) return;
  const ids = before.map((raw) => exactKey(parts.mongo, ['_id'], raw)[0]);
  const query = { _id: { $in: ids } };
  const after = new Map<string, string>();
  for (const raw of await preImages(parts, job, query, session, { _id: 1 })) {
    after.set(keyText(parts.mongo, exactKey(parts.mongo, ['_id'], raw)), hashOf(raw));
  }
  const { ledger } = chunk;
  const generation = Number(chunk.generation);
  const documents = before.flatMap((raw, index): TouchedDocument[] => {
    const text = keyText(parts.mongo, [ids[index]]);
    const hash = after.get(text) ?? null;
    if (hash === hashOf(raw)) return [];
    const _id = { l: ledger, g: generation, k: text };
    const binary = new parts.mongo.Binary(raw as Buffer);
    return [{ _id, ledger, generation, before: binary, after: hash }];
  });
  await write(parts, documents, session);
}

async function write(
  parts: Parts,
  documents: readonly TouchedDocument[],
  session: ClientSession | undefined,
): Promise<void> {
  const options = session ? { session } : {};
  const known = await parts.touched
    .find({ _id: { $in: documents.map(({ _id }) => _id) } }, { ...options, projection: { _id: 1 } })
    .toArray();
  const seen = new Set(known.map(({ _id }) => _id.k));
  const fresh = documents.filter(({ _id }) => !seen.has(_id.k));
  const again = documents.filter(({ _id }) => seen.has(_id.k));
  if (fresh.length > 0) await parts.touched.insertMany(fresh, { ...options, ordered: true });
  if (again.length === 0) return;
  await parts.touched.bulkWrite(
    again.map(({ _id, after }) => ({
      updateOne: { filter: { _id }, update: { $set: { after } } },
    })) as never,
    options,
  );
}

export function hashOf(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('base64');
}
