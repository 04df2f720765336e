import type { Document } from 'mongodb';
import type { Store } from '../store.ts';

const DEEPEST = 6;

/** Types per field path (`address.city`, `tags.$`) in a sample of documents. */
export async function sampleFields(
  { db }: Store,
  collection: string,
  limit: number,
): Promise<Record<string, readonly string[]>> {
  const cursor = db
    .collection(collection)
    .aggregate([{ $sample: { size: limit } }], { promoteValues: true, allowDiskUse: true });
  const types = new Map<string, Set<string>>();
  for await (const document of cursor) note(document, '', types, 0);
  return Object.fromEntries([...types].map(([path, seen]) => [path, [...seen].sort()]));
}

function note(
  value: Document,
  prefix: string,
  types: Map<string, Set<string>>,
  depth: number,
): void {
  for (const [key, inner] of Object.entries(value)) {
    const path = `${prefix}${key}`;
    const type = typeOf(inner);
    types.set(path, (types.get(path) ?? new Set()).add(type));
    if (type === 'object' && depth < DEEPEST) note(inner as Document, `${path}.`, types, depth + 1);
    if (type !== 'array' || depth >= DEEPEST) continue;
    for (const one of inner as unknown[]) {
      const item = typeOf(one);
      const at = `${path}.$`;
      types.set(at, (types.get(at) ?? new Set()).add(item));
      if (item === 'object') note(one as Document, `${at}.`, types, depth + 1);
    }
  }
}

/** As `$type` names it. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  if (value instanceof RegExp) return 'regex';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  if (typeof value !== 'object') return typeof value;
  const { _bsontype } = value as { _bsontype?: string };
  if (_bsontype === undefined) return 'object';
  return NAMES[_bsontype] ?? _bsontype.toLowerCase();
}

const NAMES: Readonly<Record<string, string>> = {
  ObjectId: 'objectId',
  ObjectID: 'objectId',
  Decimal128: 'decimal',
  Binary: 'binData',
  UUID: 'binData',
  Long: 'long',
  Int32: 'int',
  Double: 'double',
};
