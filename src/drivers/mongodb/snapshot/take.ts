import type { Db, Document } from 'mongodb';
import type { Snapshot, SnapshotObject, SnapshotOptions } from '../../../ports/snapshot.ts';
import { copyNames } from '../backup/copy-collection.ts';
import type { Store } from '../store.ts';
import { toText } from './values.ts';

interface CollectionInfo {
  readonly name: string;
  readonly type?: string;
  readonly options?: Document;
}

/** Collections with their options, views and indexes, without godwit's own and copies that it keeps. Writes nothing. */
export async function takeSnapshot(
  { db }: Store,
  prefix: string,
  server: string,
  options: SnapshotOptions,
): Promise<Snapshot> {
  const listed = (await db.listCollections().toArray()) as CollectionInfo[];
  const copies = await copyNames(
    db,
    listed.map(({ name }) => name),
  );
  const wanted = listed
    .filter(({ name }) => isWanted(name, prefix, options) && !copies.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const collections = wanted.filter(({ type }) => type !== 'view');
  const indexes = await Promise.all(collections.map((info) => readIndexes(db, info)));
  const objects = [
    ...collections.map((info) => describe('collection', info)),
    ...wanted.filter(({ type }) => type === 'view').map((info) => describe('view', info)),
    ...indexes.flat(),
  ];
  return { format: 1, driver: 'mongodb', server, objects, roles: [], warnings: [] };
}

function isWanted(name: string, prefix: string, { include, exclude }: SnapshotOptions): boolean {
  if (name.startsWith('system.') || (prefix !== '' && name.startsWith(prefix))) return false;
  if (exclude?.some((pattern) => matches(name, pattern))) return false;
  return !include || include.length === 0 || include.some((pattern) => matches(name, pattern));
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function describe(kind: string, { name, options = {} }: CollectionInfo): SnapshotObject {
  return { kind, name, section: 'pre-data', definition: toText(usual(options)) };
}

/** Without what the server adds by itself: a rule made later is the same rule. */
function usual(options: Document): Document {
  const entries = Object.entries(options).filter(([key, value]) => {
    if (key === 'validationLevel') return value !== 'strict';
    if (key === 'validationAction') return value !== 'error';
    if (key === 'validator') return Object.keys(value as Document).length > 0;
    if (key === 'changeStreamPreAndPostImages') return (value as Document)['enabled'] === true;
    return key !== 'flags' && key !== 'uuid';
  });
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, value]) => [key, plainCollation(key, value)]));
}

/** The version of ICU's rules is the server's. */
function plainCollation(key: string, value: unknown): unknown {
  if (key !== 'collation') return value;
  const { version: _, ...collation } = value as Document;
  return collation;
}

/** @param options of the collection: its collation is every index's that says nothing */
async function readIndexes(
  db: Db,
  { name: collection, options }: CollectionInfo,
): Promise<SnapshotObject[]> {
  const inherits = options?.['collation'] !== undefined;
  const specs = (await db.collection(collection).listIndexes().toArray()) as Document[];
  return specs
    .filter(({ name, clustered }) => name !== '_id_' && clustered !== true)
    .sort((a, b) => (a['name'] < b['name'] ? -1 : 1))
    .map((spec) => ({
      kind: 'index',
      name: `${collection}.${spec['name']}`,
      of: collection,
      section: 'post-data',
      definition: toText(indexSpec(inherits ? { ...SIMPLE, ...spec } : spec)),
    }));
}

/** What an index without a collation has, where the collection has one. */
const SIMPLE = { collation: { locale: 'simple' } };

function indexSpec({ key, name, ...rest }: Document): Document {
  const { v: _v, ns: _ns, background: _background, ...options } = rest;
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  const plain = sorted.map(([option, value]) => [option, plainCollation(option, value)]);
  return { key, name, ...Object.fromEntries(plain) };
}
