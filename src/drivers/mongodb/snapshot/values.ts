import type { Document } from 'mongodb';
import type { MongoModule } from '../load-driver.ts';

type Ejson = MongoModule['BSON']['EJSON'];

/** Objects of Extended JSON that are values; `$regex` is an operator and no value. */
const WRAPPERS = new Set([
  '$oid',
  '$date',
  '$numberInt',
  '$numberLong',
  '$numberDouble',
  '$numberDecimal',
  '$binary',
  '$uuid',
  '$timestamp',
  '$minKey',
  '$maxKey',
  '$regularExpression',
]);

/** What BSON values have in every copy of the driver. */
interface BsonValue {
  readonly _bsontype?: string;
  toExtendedJSON?(options: { relaxed: boolean }): unknown;
}

/** Options of a collection or an index as JSON, the order of keys kept. */
export function toText(value: Document): string {
  return JSON.stringify(toPlain(value), null, 2);
}

function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof RegExp) {
    return { $regularExpression: { pattern: value.source, options: value.flags } };
  }
  if (typeof value === 'bigint') return { $numberLong: value.toString() };
  if (typeof value !== 'object' || value === null) return value;
  const { toExtendedJSON } = value as BsonValue;
  if (toExtendedJSON) return toExtendedJSON.call(value, { relaxed: true });
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlain(inner)]));
}

/** The value of a wrapper such as `{ $oid: … }`; undefined for anything else. */
export function isWrapper(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const [key, ...more] = Object.keys(value);
  return key !== undefined && more.length === 0 && WRAPPERS.has(key);
}

export function fromText(text: string, ejson: Ejson): Document {
  return revive(JSON.parse(text), ejson) as Document;
}

function revive(value: unknown, ejson: Ejson): unknown {
  if (Array.isArray(value)) return value.map((each) => revive(each, ejson));
  if (typeof value !== 'object' || value === null) return value;
  if (isWrapper(value)) return wrapped(value, ejson);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, revive(inner, ejson)]),
  );
}

function wrapped(value: Document, ejson: Ejson): unknown {
  return (ejson.deserialize({ value }, { relaxed: false }) as Document)['value'];
}
