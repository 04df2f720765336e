import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import type { BackfillJob, Chunk } from '../../../ports/backfill.ts';
import { isDuplicateKey } from '../errors.ts';
import { identifyProcess, isProvablyDead, type ProcessIdentity } from '../process-identity.ts';
import { nextRange } from './cut.ts';
import { type ChunkDocument, FIRST_EXTRA, type LedgerDocument } from './documents.ts';
import { ABANDONED_MS } from './head.ts';
import { toKeyValue } from './keys.ts';
import { type Held, type Parts, toNumber, unknownLedger } from './parts.ts';
import { CHUNK_INDEX } from './progress.ts';
import { putBack, takeSession } from './transaction.ts';

const TRIES = 50;
const LOOKED_AT = 200;

type Present = LedgerDocument & { readonly now: Date };

interface Scene {
  readonly head: Present;
  readonly open: readonly ChunkDocument[];
  /** The range that was cut last. */
  readonly last: ChunkDocument | undefined;
}

export async function claim(
  parts: Parts,
  job: BackfillJob,
  worker: string,
  size: number,
): Promise<Chunk | undefined> {
  const session = takeSession(parts);
  let held: Held | undefined;
  try {
    for (let attempt = 0; attempt < TRIES && held === undefined; attempt++) {
      const scene = await look(parts, job.ledger);
      const { state, control } = scene.head;
      if (state !== 'running' || control.paused || control.cancelled) return undefined;
      const claimed = claimOf(worker, scene.head.now, session);
      const chunk = await takeOpen(parts, scene, worker, claimed);
      if (chunk === 'raced') continue;
      const taken = chunk ?? (await cut(parts, job, scene, size, claimed));
      if (taken === undefined) return undefined;
      if (taken !== 'raced') held = { chunk: taken, token: claimed.token, session };
    }
  } finally {
    if (held === undefined) putBack(parts, session);
  }
  if (held === undefined) return undefined;
  parts.held.set(held.chunk._id, held);
  return toChunk(parts, held.chunk);
}

type Claim = NonNullable<ChunkDocument['claim']>;

function claimOf(worker: string, at: Date, session: Held['session']): Claim {
  const identity = identifyProcess();
  return {
    worker,
    token: randomUUID(),
    at,
    ...(identity && { process: identity }),
    ...(session?.id && { session: session.id.id }),
  };
}

async function look(parts: Parts, ledger: string): Promise<Scene> {
  const [[head], open, [last]] = await Promise.all([
    parts.ledgers
      .aggregate<Present>([{ $match: { _id: ledger } }, { $set: { now: '$$NOW' } }])
      .toArray(),
    // `claimed` comes before `waiting` in this order.
    parts.chunks
      .find({ ledger, state: { $in: ['claimed', 'waiting'] } })
      .sort({ state: 1, n: 1 })
      .limit(LOOKED_AT)
      .toArray(),
    parts.chunks
      .find({ ledger, n: { $lt: FIRST_EXTRA } }, { hint: CHUNK_INDEX })
      .sort({ generation: -1, n: -1 })
      .limit(1)
      .toArray(),
  ]);
  if (head === undefined) throw unknownLedger(ledger);
  return { head, open, last };
}

/** An abandoned chunk, else one that waits; undefined when there is none. */
async function takeOpen(
  parts: Parts,
  { head, open }: Scene,
  worker: string,
  claimed: Claim,
): Promise<ChunkDocument | 'raced' | undefined> {
  const self = identifyProcess();
  const present = open.filter(({ generation }) => Number(generation) === head.generation);
  const abandoned = present.find(
    (chunk) => chunk.state === 'claimed' && isAbandoned(chunk, head, worker, self),
  );
  if (abandoned !== undefined) {
    await endSession(parts, abandoned);
    return take(parts, abandoned, claimed, 1);
  }
  const waiting = present.filter(({ state }) => state === 'waiting').slice(0, 8);
  const one = waiting[Math.floor(Math.random() * waiting.length)];
  return one && take(parts, one, claimed, 0);
}

function isAbandoned(
  { claim: old }: ChunkDocument,
  head: Present,
  worker: string,
  self: ProcessIdentity | undefined,
): boolean {
  if (old === undefined) return true;
  const owner = old.process && { ...old.process, pid: Number(old.process.pid) };
  if (isProvablyDead(owner, self)) return true;
  if (old.worker === worker) return false;
  const beat = head.workers.find(({ id }) => id === old.worker)?.heartbeatAt;
  const seen = Math.max(beat?.getTime() ?? 0, old.at.getTime());
  return head.now.getTime() - seen > ABANDONED_MS;
}

/** A killed client's transaction would keep its rows locked until the server ends it. */
async function endSession(parts: Parts, { claim: old }: ChunkDocument): Promise<void> {
  if (old?.session === undefined) return;
  await parts.client
    .db('admin')
    .command({ killSessions: [{ id: old.session }] })
    // Where that is not allowed, other chunks come first until the server has ended it.
    .catch(() => {});
}

async function take(
  parts: Parts,
  chunk: ChunkDocument,
  claimed: Claim,
  attempts: number,
): Promise<ChunkDocument | 'raced'> {
  const token =
    chunk.claim && chunk.state === 'claimed' ? { 'claim.token': chunk.claim.token } : {};
  const taken = await parts.chunks.findOneAndUpdate(
    { _id: chunk._id, state: chunk.state, ...token },
    { $set: { state: 'claimed', claim: claimed }, $inc: { attempts } } as Document,
    { returnDocument: 'after', includeResultMetadata: false },
  );
  return (taken as ChunkDocument | null) ?? 'raced';
}

async function cut(
  parts: Parts,
  job: BackfillJob,
  { head, last }: Scene,
  size: number,
  claimed: Claim,
): Promise<ChunkDocument | 'raced' | undefined> {
  const range = await nextRange(parts, job, head, last, size);
  if (range === undefined) return undefined;
  const chunk: ChunkDocument = { ...range, state: 'claimed', attempts: 0, claim: claimed };
  try {
    await parts.chunks.insertOne(chunk);
    return chunk;
  } catch (error) {
    if (isDuplicateKey(error)) return 'raced';
    throw error;
  }
}

export function toChunk({ mongo }: Parts, chunk: ChunkDocument): Chunk {
  const { low, high, keys } = chunk;
  return {
    ledger: chunk.ledger,
    n: toNumber(chunk.n),
    attempts: toNumber(chunk.attempts),
    ...(low && { after: toKeyValue(mongo, low.key) }),
    ...(high && { to: toKeyValue(mongo, high.key) }),
    ...(keys && { keys: keys.map((key) => toKeyValue(mongo, key)) }),
  };
}
