import type { Db, MongoClient } from 'mongodb';
import type { ClientModule } from '../client-module.ts';
import type { Topology } from '../topology.ts';
import type { Compression } from './compression.ts';

/** What making and restoring backups works with. */
export interface BackupParts {
  readonly client: MongoClient;
  readonly db: Db;
  readonly driver: ClientModule;
  readonly topology: Topology;
  /** Of godwit's own collections. */
  readonly prefix: string;
  readonly compression: Compression;
  /** Fail where not everything can be read as of one moment. */
  readonly insist: boolean;
  readonly url: string;
}

/** The lock is no part of a backup: it is held while one is made, and while one is restored. */
export function isLock(parts: Pick<BackupParts, 'prefix'>, collection: string): boolean {
  return collection === `${parts.prefix}lock`;
}

/** Collections that a restore fills before they take their names. */
export function isTemporary(parts: Pick<BackupParts, 'prefix'>, collection: string): boolean {
  return collection.startsWith(`${parts.prefix}restoring_`);
}
