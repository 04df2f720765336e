import { setTimeout as sleep } from 'node:timers/promises';
import type { BackfillJob, Chunk, ChunkResult, ReadBatch } from '../../../ports/backfill-job.ts';
import { heldBy, holding, settle } from './held.ts';
import type { Held, Parts } from './parts.ts';
import { readRaw } from './read-bytes.ts';
import { MongoRow } from './rows.ts';
import { findTarget } from './target.ts';
import { isWorthRepeating } from './transaction.ts';
import { workSet } from './work-set.ts';
import { type TransformWork, workTransform } from './work-transform.ts';

const TRIES = 3;
const PAUSE_MS = 25;

export async function read(parts: Parts, job: BackfillJob, chunk: Chunk): Promise<ReadBatch> {
  const held = heldBy(parts, chunk);
  // Somebody else's by now: `apply` will say so.
  if (held === undefined) return { rows: [] };
  const target = await findTarget(parts, job);
  const found = await readRaw(parts, job, target, held.chunk);
  return {
    rows: found.map((raw) => new MongoRow(parts.mongo, target.shape.fields, raw)),
    bytes: found.reduce((sum, raw) => sum + raw.byteLength, 0),
  };
}

export async function apply(
  parts: Parts,
  job: BackfillJob,
  chunk: Chunk,
  worker: string,
  work: TransformWork | undefined,
): Promise<ChunkResult | undefined> {
  const held = holding(parts, chunk, worker);
  if (held === undefined) return undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await applyOnce(parts, job, held, work);
    } catch (error) {
      // On a standalone part of the work is done: the caller decides.
      const again = held.session !== undefined && isWorthRepeating(error) && attempt < TRIES;
      if (!again || !parts.held.has(held.token)) throw error;
      await sleep(PAUSE_MS * attempt * (1 + Math.random()));
    }
  }
}

async function applyOnce(
  parts: Parts,
  job: BackfillJob,
  held: Held,
  work: TransformWork | undefined,
): Promise<ChunkResult | undefined> {
  const target = await findTarget(parts, job);
  return settle(parts, held, (session) =>
    work === undefined
      ? workSet(parts, job, target, held.chunk, session)
      : workTransform(parts, job, target, held.chunk, session, work),
  );
}
