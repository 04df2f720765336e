import type { ClientSession, Document, FindOptions } from 'mongodb';
import type { BackfillJob, KeyValue, ReadRow } from '../../../ports/backfill-job.ts';
import type { MongoModule } from '../load-driver.ts';
import type { ChunkDocument, NativeKey } from './documents.ts';
import { isPlainObject, keyOf, toKeyValue } from './keys.ts';
import { collectionOf, EXACT, hasTransactions, type Parts } from './parts.ts';
import { chunkQuery } from './ranges.ts';
import type { Target } from './target.ts';
import { wholeFields } from './work-standalone.ts';

/**
 * A row with the bytes it was read as. Whether it changed since is whether the same query
 * yields the same bytes again: that tells null from missing, 1 from 1.0 and any order of
 * fields, and knows no collation.
 */
export class MongoRow implements ReadRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly raw: Uint8Array;
  readonly #mongo: MongoModule;
  readonly #fields: readonly string[];

  constructor(mongo: MongoModule, fields: readonly string[], raw: Uint8Array) {
    this.row = mongo.BSON.deserialize(raw);
    this.raw = raw;
    this.#mongo = mongo;
    this.#fields = fields;
  }

  get key(): KeyValue {
    return toKeyValue(this.#mongo, this.native);
  }

  /** The key with its numbers' own types, where JavaScript's would not be the same. */
  get native(): NativeKey {
    const key = keyOf(this.row, this.#fields);
    return key.every(isSafe) ? key : exactKey(this.#mongo, this.#fields, this.raw);
  }
}

/** As `before` of a sample, and whatever else came from a row, has it. */
export function exactKey(
  mongo: MongoModule,
  fields: readonly string[],
  raw: Uint8Array,
): NativeKey {
  return keyOf(mongo.BSON.deserialize(raw, EXACT), fields);
}

function isSafe(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  return !isPlainObject(value);
}

/** The bytes of a chunk's rows that match the filter, in no particular order. */
export async function readRaw(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  chunk: ChunkDocument,
  session?: ClientSession,
): Promise<Uint8Array[]> {
  const whole = job.fields !== undefined && !hasTransactions(parts);
  const read = whole ? { ...job, fields: wholeFields(job.fields) } : job;
  const projection = projectionOf(read, target);
  return findRaw(parts, job, chunkQuery(target.shape, chunk, job.filter), {
    hint: target.hint,
    ...(projection && { projection }),
    ...(session && { session }),
  });
}

export async function findRaw(
  parts: Parts,
  job: BackfillJob,
  query: Document,
  options: FindOptions,
): Promise<Uint8Array[]> {
  const found = await collectionOf(parts, job)
    .find(query, { ...options, raw: true, batchSize: 100_000 })
    .toArray();
  return found as unknown as Uint8Array[];
}

/** Only what is asked for, and what identifies a row. */
export function projectionOf(job: BackfillJob, { shape }: Target): Document | undefined {
  if (job.fields === undefined) return undefined;
  const wanted = new Set(['_id', ...shape.fields, ...job.fields]);
  // `a` and `a.b` together are refused by the server; `a` has both.
  const names = [...wanted].filter(
    (name) => ![...wanted].some((other) => name.startsWith(`${other}.`)),
  );
  return Object.fromEntries(names.map((name) => [name, 1]));
}

/** Bytes as text, for sets. */
export function bytesText(raw: Uint8Array): string {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
}
