import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { type ChunkDocument, chunkId, type Edge, type LedgerDocument } from './documents.ts';
import { fromKeyText, keyOf } from './keys.ts';
import { collectionOf, EXACT, type Parts, toNumber } from './parts.ts';
import { findTarget, type Target } from './target.ts';

type Range = Pick<
  ChunkDocument,
  '_id' | 'ledger' | 'generation' | 'sweep' | 'n' | 'low' | 'high' | 'final'
>;

/** The next rows along the index, by a seek. Undefined when the bound is reached. */
export async function nextRange(
  parts: Parts,
  job: BackfillJob,
  head: LedgerDocument,
  last: ChunkDocument | undefined,
  size: number,
): Promise<Range | undefined> {
  const { _id: ledger, generation, sweep, top } = head;
  if (top === undefined) return undefined;
  const present = toNumber(last?.generation) === generation ? last : undefined;
  const before = present && toNumber(present.sweep) === sweep ? present : undefined;
  if (before?.final) return undefined;
  const n = toNumber(present?.n) + 1;
  const target = await findTarget(parts, job);
  const edges =
    head.order === 'ascending'
      ? await upwards(parts, job, target, head, before, size)
      : await downwards(parts, job, target, head, before, size);
  return { _id: chunkId(ledger, generation, n), ledger, generation, sweep, n, ...edges };
}

type Edges = Pick<Range, 'low' | 'high' | 'final'>;

/** From the last one's end (left out) up to a key (with it). The first has no lower limit. */
async function upwards(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  head: LedgerDocument,
  before: ChunkDocument | undefined,
  size: number,
): Promise<Edges> {
  const top = fromKeyText(parts.mongo, head.top ?? '[]');
  const low = before?.high && { key: before.high.key, inclusive: false };
  const found = await seek(parts, job, target, 1, low, { key: top }, size);
  return {
    ...(low && { low }),
    high: { key: found ?? top, inclusive: true },
    ...(found === undefined && { final: true }),
  };
}

/** From the top, or the last one's end (left out), down to a key (with it). */
async function downwards(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  head: LedgerDocument,
  before: ChunkDocument | undefined,
  size: number,
): Promise<Edges> {
  const high: Edge = before?.low
    ? { key: before.low.key, inclusive: false }
    : { key: fromKeyText(parts.mongo, head.top ?? '[]'), inclusive: true };
  const bottom = { key: fromKeyText(parts.mongo, head.bottom ?? '[]') };
  const found = await seek(parts, job, target, -1, bottom, high, size);
  return {
    ...(found && { low: { key: found, inclusive: true } }),
    high,
    ...(found === undefined && { final: true }),
  };
}

/**
 * The key `size` rows on, strictly before the bound; undefined when there are fewer.
 * `min` and `max` are bounds of the index itself, over all types. The server takes the
 * lower one with its key and leaves the upper one out: a row more or less does not matter.
 */
async function seek(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  direction: 1 | -1,
  low: Pick<Edge, 'key'> | undefined,
  high: Pick<Edge, 'key'>,
  size: number,
): Promise<readonly unknown[] | undefined> {
  const { fields, text } = target.shape;
  const bound = (edge: Pick<Edge, 'key'>): object =>
    Object.fromEntries(fields.map((field, index) => [field, edge.key[index]]));
  if (low && fields.every((_, index) => text(low.key[index]) === text(high.key[index]))) {
    return undefined;
  }
  const rows = collectionOf(parts, job)
    .find({}, { projection: target.projection, hint: target.hint, ...EXACT })
    .max(bound(high) as never);
  if (low) rows.min(bound(low) as never);
  const [row] = await rows
    .sort((direction === 1 ? target.ascending : target.descending) as never)
    .skip(Math.max(1, Math.floor(size)) - (low && direction === 1 ? 0 : 1))
    .limit(1)
    .toArray();
  if (row === undefined) return undefined;
  const key = keyOf(row, fields);
  // Downwards the bound is the lower one, which is not left out.
  const atBound = direction === -1 && low !== undefined && text(key) === text(low.key);
  return atBound ? undefined : key;
}
