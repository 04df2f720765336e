import type { Document } from 'mongodb';
import type { PublicIdColumn } from '../../../ports/checks.ts';
import type { PublicIdReader, PublicIdState } from '../../../ports/public-ids.ts';
import type { Store } from '../store.ts';

export function openPublicIds(store: Store): PublicIdReader {
  return {
    steps: ['unique', 'form'],
    inspect: (column) => inspect(store, column),
  };
}

export interface CollectionOptions {
  readonly validator?: Document | undefined;
  readonly validationLevel?: string | undefined;
  readonly validationAction?: string | undefined;
}

/** Undefined when there is no such collection. */
export async function readCollection(
  { db }: Store,
  name: string,
): Promise<{ type: string; options: CollectionOptions } | undefined> {
  const [found] = await db.listCollections({ name }).toArray();
  if (!found) return undefined;
  const { type = 'collection', options = {} } = found as {
    type?: string;
    options?: CollectionOptions;
  };
  return { type, options };
}

export async function inspect(store: Store, column: PublicIdColumn): Promise<PublicIdState> {
  const none = { missing: 0, unique: false, required: false, formed: false };
  const found = await readCollection(store, column.table);
  if (!found) return { ...none, found: 'no-table' };
  if (found.type !== 'collection') return { ...none, found: 'not-a-table' };
  const collection = store.db.collection(column.table);
  const [indexes, missing] = await Promise.all([
    collection.listIndexes().toArray(),
    collection.countDocuments({ [column.column]: null }),
  ]);
  const formed = holdsForm(found.options.validator, column);
  return {
    found: 'ready',
    missing,
    unique: indexes.some((index) => isUnique(index as IndexInfo, column.column)),
    required: formed,
    formed,
  };
}

interface IndexInfo {
  readonly key?: Document;
  readonly unique?: boolean;
}

function isUnique({ key = {}, unique }: IndexInfo, column: string): boolean {
  return unique === true && Object.keys(key).length === 1 && key[column] !== undefined;
}

/** The schema that the step `form` sets, wherever in the validator it stands. */
function holdsForm(validator: Document | undefined, column: PublicIdColumn): boolean {
  if (validator === undefined) return false;
  const schema = validator['$jsonSchema'] as Document | undefined;
  const property = (schema?.['properties'] as Document | undefined)?.[column.column] as
    | Document
    | undefined;
  const pattern = property?.['pattern'];
  const required = schema?.['required'];
  if (
    typeof pattern === 'string' &&
    pattern.startsWith(`^${column.prefix}_`) &&
    Array.isArray(required) &&
    required.includes(column.column)
  ) {
    return true;
  }
  const parts = validator['$and'];
  return Array.isArray(parts) && parts.some((part) => holdsForm(part as Document, column));
}
