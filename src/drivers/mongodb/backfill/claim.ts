import { randomUUID } from 'node:crypto';
import type { Document } from 'mongodb';
import type { BackfillJob, Chunk } from '../../../ports/backfill-job.ts';
import { isDuplicateKey, SERVER_CODE, serverCode } from '../errors.ts';
import { identifyProcess } from '../process-identity.ts';
import { nextRange } from './cut.ts';
import { type ChunkDocument, FIRST_EXTRA, type LedgerDocument } from './documents.ts';
import { endSession, isGone } from './gone.ts';
import type { TokenChunk } from './held.ts';
import { toKeyValue } from './keys.ts';
import { type Held, type Parts, toNumber, unknownLedger } from './parts.ts';
import { putBack, takeSession } from './transaction.ts';

const TRIES = 50;
const LOOKED_AT = 200;
const LOCK_MS = 500;
const STUCK_MS = 2000;

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
  const token = randomUUID();
  parts.tokens.add(token);
  let held: Held | undefined;
  try {
    for (let attempt = 0; attempt < TRIES && held === undefined; attempt++) {
      const scene = await look(parts, job.ledger);
      const { state, control } = scene.head;
      if (state !== 'running' || control.paused || control.cancelled) return undefined;
      const claimed = claimOf(worker, token, scene.head.now, session);
      const chunk = await takeOpen(parts, scene, worker, claimed);
      if (chunk === 'raced') continue;
      const taken = chunk ?? (await cut(parts, job, scene, size, claimed));
      if (taken === undefined) return undefined;
      if (taken !== 'raced') held = { chunk: taken, token, session };
    }
  } finally {
    if (held === undefined) {
      parts.tokens.delete(token);
      putBack(parts, session);
    }
  }
  if (held === undefined) return undefined;
  parts.held.set(token, held);
  const chunk: TokenChunk = { ...toChunk(parts, held.chunk), token };
  return chunk;
}

type Claim = NonNullable<ChunkDocument['claim']>;

function claimOf(worker: string, token: string, at: Date, session: Held['session']): Claim {
  const identity = identifyProcess();
  return {
    worker,
    token,
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
    // No hint: after a step-down a server once answered that it has no such index.
    parts.chunks
      .find({ ledger, n: { $lt: FIRST_EXTRA } })
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
  const present = open.filter(
    ({ _id, generation }) => Number(generation) === head.generation && !isStuck(parts, _id),
  );
  const abandoned = present.find(
    (chunk) => chunk.state === 'claimed' && isAbandoned(parts, chunk, head, worker),
  );
  if (abandoned !== undefined) {
    if (abandoned.claim?.worker !== worker) await endSession(parts, abandoned.claim?.session);
    return (await takeOver(parts, abandoned, claimed)) ?? 'raced';
  }
  const waiting = present.filter(({ state }) => state === 'waiting').slice(0, 8);
  const one = waiting[Math.floor(Math.random() * waiting.length)];
  return one && ((await takeOver(parts, one, claimed)) ?? 'raced');
}

/**
 * A claim of this very worker that it knows nothing of: the answer was lost, or a new
 * primary does not know that the chunk was done.
 */
function isForgotten({ tokens }: Parts, claimed: Claim, worker: string): boolean {
  return claimed.worker === worker && !tokens.has(claimed.token);
}

function isAbandoned(
  parts: Parts,
  { claim: old }: ChunkDocument,
  head: Present,
  worker: string,
): boolean {
  if (old === undefined) return true;
  const beat = head.workers.find(({ id }) => id === old.worker)?.heartbeatAt;
  // One's own heartbeat says nothing of a claim that one knows nothing of.
  if (old.worker === worker) {
    return isForgotten(parts, old, worker) || isGone(old.process, head.now.getTime(), head.now);
  }
  return isGone(old.process, Math.max(beat?.getTime() ?? 0, old.at.getTime()), head.now);
}

/**
 * What a killed client had sent may reach the server after its session was ended, and lock
 * the chunk again: a write would wait for that lock until the server ends it after a
 * minute. So it does not wait long, and the session is ended once more.
 */
async function takeOver(
  parts: Parts,
  chunk: ChunkDocument,
  claimed: Claim,
): Promise<ChunkDocument | 'raced' | undefined> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return await take(parts, chunk, claimed, chunk.state === 'claimed' ? 1 : 0);
    } catch (error) {
      if (serverCode(error) !== SERVER_CODE.maxTimeExpired) throw error;
      await endSession(parts, chunk.claim?.session);
    }
  }
  parts.stuck.set(chunk._id, performance.now() + STUCK_MS);
  return undefined;
}

function isStuck({ stuck }: Parts, id: string): boolean {
  const until = stuck.get(id);
  if (until === undefined) return false;
  if (performance.now() < until) return true;
  stuck.delete(id);
  return false;
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
    { returnDocument: 'after', includeResultMetadata: false, maxTimeMS: LOCK_MS },
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
  // The ledger is not as it was looked at any more: nothing is cut behind a bar.
  if (last?.state === 'void' && toNumber(last.generation) === head.generation) return 'raced';
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
