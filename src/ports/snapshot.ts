import type { DriverName } from './context.ts';
import type { Driver } from './driver.ts';

/** What to take in. Names may end in `*`. */
export interface SnapshotOptions {
  /** PostgreSQL schemas, or MongoDB collections, to take in. Default: all. */
  readonly include?: readonly string[] | undefined;
  /** Those to leave out. What the system, an extension and godwit itself keep always is. */
  readonly exclude?: readonly string[] | undefined;
  /** PostgreSQL: who owns what. Off, so that a dump loads for whoever loads it. */
  readonly owners?: boolean | undefined;
  /** Rights that were granted, which name roles. Default `true`. */
  readonly grants?: boolean | undefined;
}

/** `pre-data` is needed before rows can be loaded; `post-data` is better made after them. */
export type SnapshotSection = 'pre-data' | 'post-data';

/** A named part of a schema. Kind and name together are its identity. */
export interface SnapshotObject {
  /** Such as `table`, `index`, `collection`. */
  readonly kind: string;
  /** As people write it, such as `public.users`; unique within its kind. */
  readonly name: string;
  /** The object that this one is a part of, such as an index's table. */
  readonly of?: string | undefined;
  readonly section: SnapshotSection;
  /** PostgreSQL: SQL that makes it, without a last semicolon. MongoDB: JSON. */
  readonly definition: string;
}

/** A database's schema as data. Equal schemas give equal objects, in the same order. */
export interface Snapshot {
  /** Layout of this document. */
  readonly format: 1;
  readonly driver: DriverName;
  /** The server's version, such as `18.4`. Not a part of the schema. */
  readonly server: string;
  /** In an order in which they can be made. */
  readonly objects: readonly SnapshotObject[];
  /** Roles that must be there before it is loaded. */
  readonly roles: readonly string[];
  /** What is there and cannot be taken in, a sentence each. */
  readonly warnings: readonly string[];
}

/** Another database of the same kind, empty, for a trial; the real one is not touched. */
export interface Scratch {
  readonly driver: Driver;
  /** For people: what it is, and where. */
  readonly where: string;
  /** Makes what a snapshot, or the script of one, says. Throws GODWIT_SNAPSHOT_UNLOADABLE. */
  load(schema: Snapshot | string): Promise<void>;
  /** Removes it. Safe to call twice. */
  remove(): Promise<void>;
}
