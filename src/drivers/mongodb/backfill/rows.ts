import type { Document, FindOptions } from 'mongodb';
import type { BackfillJob, KeyValue, ReadRow } from '../../../ports/backfill-job.ts';
import type { MongoModule } from '../load-driver.ts';
import type { NativeKey } from './documents.ts';
import { checkKey, isPlainObject, keyOf, toKeyValue, valueAt } from './keys.ts';
import { collectionOf, EXACT, type Parts } from './parts.ts';
import type { Target } from './target.ts';

/**
 * A row with the bytes it was read as. Whether it changed since is whether the same query
 * yields the same bytes again: that tells null from missing, 1 from 1.0 and any order of
 * fields, and knows no collation.
 */
export class MongoRow implements ReadRow {
  readonly raw: Uint8Array;
  readonly #mongo: MongoModule;
  readonly #fields: readonly string[];
  #key: readonly unknown[] | undefined;

  constructor(mongo: MongoModule, fields: readonly string[], raw: Uint8Array) {
    this.raw = raw;
    this.#mongo = mongo;
    this.#fields = fields;
  }

  /**
   * Decoded anew each time, so ask once. Thousands of rows wait to be written; as bytes they
   * cost the garbage collector nothing, as objects a fifth of the whole time.
   */
  get row(): Readonly<Record<string, unknown>> {
    const row = this.#mongo.BSON.deserialize(this.raw);
    // Now, because a transform may change what it is given.
    this.#key ??= this.#fields.map((field) => valueAt(row, field) ?? null);
    return row;
  }

  get key(): KeyValue {
    return toKeyValue(this.#mongo, this.native);
  }

  /** The key with its numbers' own types, where JavaScript's would not be the same. */
  get native(): NativeKey {
    const key = this.#key ?? keyOf(this.row, this.#fields);
    return checkKey(key).every(isSafe) ? key : exactKey(this.#mongo, this.#fields, this.raw);
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
