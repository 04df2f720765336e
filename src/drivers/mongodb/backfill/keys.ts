import { GodwitError } from '../../../errors.ts';
import type { KeyValue } from '../../../ports/backfill-job.ts';
import type { MongoModule } from '../load-driver.ts';
import type { NativeKey } from './documents.ts';

type Plain = Readonly<Record<string, unknown>>;

/** A document's key; what is missing is null, as in the index. */
export function keyOf(document: Plain, fields: readonly string[]): NativeKey {
  return checkKey(fields.map((field) => valueAt(document, field) ?? null));
}

/** @throws GodwitError `GODWIT_BACKFILL_INVALID` for one that JavaScript cannot hold */
export function checkKey(key: readonly unknown[]): NativeKey {
  for (const value of key) checkValue(value);
  return key;
}

export function valueAt(document: Plain, path: string): unknown {
  let value: unknown = document;
  for (const name of path.split('.')) value = (value as Plain | undefined | null)?.[name];
  return value;
}

/** To the port's form, which survives JSON. */
export function toKeyValue(mongo: MongoModule, key: NativeKey): KeyValue {
  return key.map((value) => mongo.BSON.EJSON.serialize(value, { relaxed: false }) as unknown);
}

/** Stands for a key in sets and maps. */
export function keyText(mongo: MongoModule, key: NativeKey): string {
  return mongo.BSON.EJSON.stringify(key, { relaxed: false });
}

export function fromKeyText(mongo: MongoModule, text: string): NativeKey {
  return mongo.BSON.EJSON.parse(text, { relaxed: false }) as unknown as NativeKey;
}

/**
 * JavaScript puts properties that look like array indexes first, so such a key would come
 * back from it as another one.
 */
function checkValue(value: unknown): void {
  if (Array.isArray(value)) throw badKey('is an array');
  if (!isPlainObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (/^\d+$/.test(name)) throw badKey(`has a field named ${name}`);
    if (Array.isArray(inner)) for (const item of inner) if (isPlainObject(item)) checkValue(item);
    if (isPlainObject(inner)) checkValue(inner);
  }
}

export function isPlainObject(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null || value instanceof Date) return false;
  return !Array.isArray(value) && !('_bsontype' in value) && !ArrayBuffer.isView(value);
}

function badKey(what: string): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_INVALID', `A key of this collection ${what}.`, {
    state: 'The rows with such keys were not changed.',
    next: ['give the backfill another `key`: fields that a unique index has'],
  });
}
