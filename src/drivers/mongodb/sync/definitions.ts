import type { DefinitionReader } from '../../../ports/definition.ts';
import type { OpenOptions } from '../../../ports/driver.ts';
import { toMongoError } from '../errors.ts';
import type { Store } from '../store.ts';
import { findLacking } from './lacking.ts';
import { findOffending } from './offending.ts';
import { readCollections, readHidden } from './read.ts';
import { sampleFields } from './sample.ts';

/** Reads how collections are. */
export function openDefinitions(store: Store, options: OpenOptions): DefinitionReader {
  const { prefix } = options.store;
  const told = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw toMongoError(error, what, options.url);
    }
  };
  return {
    read: () => told('read the collections', readCollections(store, prefix)),
    hidden: () => told('read which indexes are hidden', readHidden(store, prefix)),
    offending: (collection, index, limit) =>
      told(`look for duplicates in ${collection}`, findOffending(store, collection, index, limit)),
    sample: (collection, limit) =>
      told(`read a sample of ${collection}`, sampleFields(store, collection, limit)),
    lacking: (collection, fields) =>
      told(`look for documents of ${collection}`, findLacking(store, collection, fields)),
  };
}
