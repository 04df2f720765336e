import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { MongoClient } from 'mongodb';
import { loadDriver, type MongoModule } from './load-driver.ts';

export interface ClientModule {
  readonly module: MongoModule;
  /** Where it lies; undefined for a driver that was bundled into a program. */
  readonly file?: string;
  readonly url?: string;
}

/**
 * The very copy of the driver that made the client: BSON objects of two copies do not mix.
 */
export function moduleOf(client: MongoClient, root: string): ClientModule {
  const loaded = Object.values(createRequire(import.meta.url).cache);
  const made = loaded.find((one) => one?.exports?.MongoClient === client.constructor);
  if (made === undefined) return { module: loadDriver(root).module };
  const { exports, filename } = made;
  return { module: exports as MongoModule, file: filename, url: pathToFileURL(filename).href };
}
