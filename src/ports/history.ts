import type { ErrorInfo } from '../errors.ts';
import type { Direction, Kind } from './migration.ts';

/** Who made a record. Never contains a secret. */
export interface Actor {
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  /** Version of godwit. */
  readonly godwit: string;
  /** Commit of the project's checkout, when it is one. */
  readonly git?: string | undefined;
}

/** How a record came to be: by running, by hand, or taken over from a mirror. */
export type Via = 'run' | 'mark' | 'baseline' | 'import';

/**
 * What is left in the database by a run that did not finish well.
 * `none`: everything was rolled back. `partial`: what was done before stays.
 */
export type Effect = 'none' | 'partial' | 'complete';

/**
 * How an interrupted run goes on. `restart`: run it again from the start, it left
 * nothing or is idempotent. `checkpoint`: go on after the last checkpoint.
 * `ask`: a person must decide (`up --retry` or `mark`).
 */
export type ResumePolicy = 'restart' | 'checkpoint' | 'ask';

/** What is the same in all events of one run. */
export interface RunHeader {
  /** UUID of the run. */
  readonly run: string;
  readonly kind: Kind;
  readonly version: string;
  readonly id: string;
  readonly name: string;
  readonly direction: Direction;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  /** A version of the author's own that identifies nothing, such as `1.0.0`. */
  readonly label?: string | undefined;
  /** Raw SHA-256 of the file as it was run. */
  readonly checksum?: string | undefined;
  /** `v1:…`, see core/checksum. */
  readonly normalized?: string | undefined;
  readonly by: Actor;
  /** Fencing token of the lock under which the run was made. */
  readonly fence: number;
}

/** What was seen done per collection, such as `{ users: { modified: 12, indexesCreated: 1 } }`. */
export type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Written before a run whose work and `ended` record cannot commit together. */
export interface StartedEvent extends RunHeader {
  readonly event: 'started';
  readonly resume: ResumePolicy;
}

/** Between `started` and `ended`, for SQL that runs outside a transaction. */
export interface CheckpointEvent extends RunHeader {
  readonly event: 'checkpoint';
  /** Statements of the file that are done, from its beginning. */
  readonly statements: number;
  /** SHA-256 of the text of those statements: resuming is refused if they changed. */
  readonly prefix: string;
  /** True just before a statement that cannot commit with its checkpoint. */
  readonly before?: boolean | undefined;
}

export interface EndedEvent extends RunHeader {
  readonly event: 'ended';
  readonly status: 'applied' | 'reverted' | 'failed';
  readonly effect: Effect;
  readonly via: Via;
  readonly durationMs: number;
  /** What the migration returned, as plain data. */
  readonly result?: unknown;
  readonly counts?: Counts | undefined;
  readonly error?: ErrorInfo | undefined;
  /** Of what a migration in JavaScript threw, without secrets. */
  readonly stack?: string | undefined;
  /** Why, when a person made the record (`mark`, `baseline`). */
  readonly reason?: string | undefined;
  /** Name of the backup taken before, when one was. */
  readonly backup?: string | undefined;
}

/** `accept`: an edited file's checksum is taken as the applied one. */
export interface AcceptedEvent extends RunHeader {
  readonly event: 'accepted';
  readonly reason?: string | undefined;
}

export type NewHistoryEvent = StartedEvent | CheckpointEvent | EndedEvent | AcceptedEvent;

/** As read back: with its place in the log and the server's time. */
export type HistoryEvent = NewHistoryEvent & {
  /** Position in the log; grows, never reused. */
  readonly seq: number;
  readonly at: Date;
};

/**
 * What the history says of one version: the fold of its events (core/state `foldHistory`).
 * A version that was reverted is kept, with state `pending`.
 */
export interface VersionRecord {
  readonly kind: Kind;
  readonly version: string;
  readonly id: string;
  readonly name: string;
  /** `open`: started and not ended; running if its lock is held, else interrupted. */
  readonly state: 'applied' | 'pending' | 'failed' | 'open';
  /** Direction of the run that `state` is about. */
  readonly direction: Direction;
  readonly run: string;
  readonly fence: number;
  /** Of the newest applied run; undefined when it is not applied. */
  readonly appliedAt?: Date | undefined;
  /** `seq` of the newest applied run: the order of application. */
  readonly appliedSeq?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly checksum?: string | undefined;
  readonly normalized?: string | undefined;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly label?: string | undefined;
  readonly error?: ErrorInfo | undefined;
  readonly effect?: Effect | undefined;
  /** Of an open or failed run that may resume. */
  readonly resume?: ResumePolicy | undefined;
  readonly checkpoint?:
    | {
        readonly statements: number;
        readonly prefix: string;
        readonly before?: boolean | undefined;
      }
    | undefined;
}

export interface HistoryQuery {
  /** Only this version. */
  readonly version?: string | undefined;
  /** Newest N runs. */
  readonly limit?: number | undefined;
}

/**
 * Reading the history. Must not write, create or lock anything, and must work for a
 * read-only user. A history that does not exist yet reads as empty.
 */
export interface HistoryReader {
  /** One record per version; equal to `foldHistory(await events())`, but fetches less. */
  versions(): Promise<VersionRecord[]>;
  /** All events, oldest first. */
  events(query?: HistoryQuery): Promise<HistoryEvent[]>;
}

/**
 * A collection or table that other people look at, kept in step with the history:
 * one document or row per applied version.
 */
export interface MirrorSpec {
  /** Collection or table name. */
  readonly name: string;
  /**
   * `always`: created with the first record. `existing`: kept only while it exists
   * (guide 3, whose own migration creates and drops it).
   */
  readonly create: 'always' | 'existing';
  /** Which shape its documents have; a format knows it. */
  readonly shape: MirrorShape;
  /** What it has records of. Default `migration`. */
  readonly kind?: 'migration' | 'seed' | undefined;
}

/** Field names in the mirror. Absent ones are not written. */
export interface MirrorShape {
  /** The field that identifies: its value is the version, as number or text, or the id. */
  readonly key: {
    readonly field: string;
    readonly value: 'version-number' | 'version' | 'id' | 'name';
  };
  readonly appliedAt?: string | undefined;
  /** Field that holds `applied`; a record whose status is `failed` never counts. */
  readonly status?: string | undefined;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly durationMs?: string | undefined;
  readonly result?: string | undefined;
  /** Field for the author's own version. */
  readonly label?: string | undefined;
  /**
   * Field for what a failed run threw: then a failed `up` has a document too, with the
   * status `failed`, unless the version is applied.
   */
  readonly error?: string | undefined;
}

export interface MirrorRecord {
  /** Value of the key field, as text. */
  readonly key: string;
  readonly appliedAt?: Date | undefined;
  /** Undefined when the document has none, which counts as applied. */
  readonly status?: string | undefined;
}
