import type { Emit } from '../events.ts';

/** Plain data as the database takes it. */
export type Plain = Readonly<Record<string, unknown>>;

/** An index as `createIndexes` takes it. */
export interface IndexDefinition {
  /** Fields in order, such as `{ email: 1 }`, `{ at: -1, kind: 1 }`, `{ title: 'text' }`. */
  readonly key: Readonly<Record<string, number | string>>;
  /** Default: as MongoDB makes it of the key, such as `email_1`. */
  readonly name?: string | undefined;
  readonly unique?: boolean | undefined;
  readonly sparse?: boolean | undefined;
  /** Documents go this long after the indexed date, in seconds. */
  readonly expireAfterSeconds?: number | undefined;
  readonly partialFilterExpression?: Plain | undefined;
  readonly collation?: Plain | undefined;
  /** Kept up to date, and not used by queries. */
  readonly hidden?: boolean | undefined;
  /** Of a text index, by field. */
  readonly weights?: Readonly<Record<string, number>> | undefined;
  readonly default_language?: string | undefined;
  readonly language_override?: string | undefined;
  readonly wildcardProjection?: Plain | undefined;
  readonly bits?: number | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export interface ViewDefinition {
  readonly viewOn: string;
  readonly pipeline: readonly Plain[];
  readonly collation?: Plain | undefined;
}

/** What a collection, or a view, should look like now. */
export interface CollectionDefinition {
  readonly name: string;
  readonly indexes?: readonly IndexDefinition[] | undefined;
  /** A query that documents must match, such as `{ $jsonSchema: … }`; `null`: none. Absent: left as it is. */
  readonly validator?: Plain | null | undefined;
  readonly validationLevel?: 'off' | 'strict' | 'moderate' | undefined;
  readonly validationAction?: 'error' | 'warn' | 'errorAndLog' | undefined;
  /** As `createCollection` takes them: `collation`, `capped`, `timeseries`, `clusteredIndex` … */
  readonly options?: Plain | undefined;
  /** Makes it a view; it has no indexes then. */
  readonly view?: ViewDefinition | undefined;
  /** Names of indexes that are left alone, with `*` for anything. */
  readonly ignore?: readonly string[] | undefined;
}

/** A definition, and where it is from, for people. */
export interface FoundDefinition {
  readonly definition: CollectionDefinition;
  /** Such as `models/user.js` or `the model User`. */
  readonly from: string;
}

export interface ActualIndex extends IndexDefinition {
  readonly name: string;
  /** Still being built: a client that was killed leaves its build to the server. */
  readonly building?: boolean | undefined;
  /** The collection is stored in its order: it cannot be dropped. */
  readonly clustered?: boolean | undefined;
}

/** A collection as the database has it. */
export interface ActualCollection {
  readonly name: string;
  readonly type: 'collection' | 'view' | 'timeseries';
  /** Without validator and view, which stand beside it. */
  readonly options: Plain;
  readonly validator?: Plain | undefined;
  readonly validationLevel?: string | undefined;
  readonly validationAction?: string | undefined;
  readonly view?: ViewDefinition | undefined;
  readonly indexes: readonly ActualIndex[];
}

/** One command. An operation is a list of them, in an order that can be begun again. */
export type SyncStep =
  | { readonly do: 'createCollection'; readonly options: Plain }
  | { readonly do: 'collMod'; readonly change: Plain }
  | { readonly do: 'createIndex'; readonly index: IndexDefinition & { readonly name: string } }
  | { readonly do: 'dropIndex'; readonly name: string }
  | { readonly do: 'dropCollection' }
  | { readonly do: 'rememberHidden'; readonly name: string }
  | { readonly do: 'forgetHidden'; readonly name: string };

export type SyncAction =
  | 'create-collection'
  | 'create-view'
  | 'change-options'
  | 'change-view'
  | 'set-validator'
  | 'create-index'
  | 'change-index'
  | 'rebuild-index'
  | 'hide-index'
  | 'drop-index'
  /** PostgreSQL: a repeatable file, `collection` being its name. */
  | 'run-definition'
  | 'conflict';

/** Values that more than one document has, where an index wants them to be unique. */
export interface OffendingValue {
  readonly key: Plain;
  readonly count: number;
  /** `_id` of the first few. */
  readonly ids: readonly unknown[];
}

/** One difference between what is wanted and what is, and what is done about it. */
export interface SyncOperation {
  /** Such as `create-index users.email_1`; unique in a plan. */
  readonly id: string;
  readonly action: SyncAction;
  readonly collection: string;
  readonly index?: string | undefined;
  /**
   * `pending`: would be done. `blocked`: cannot be done as it is, `reasons` say why.
   * `waiting`: its time has not come (`until`), which is no drift.
   */
  readonly status: 'pending' | 'blocked' | 'waiting';
  readonly severity: 'info' | 'warning' | 'error';
  /** Takes something away. */
  readonly destructive: boolean;
  readonly reasons: readonly string[];
  readonly fix?: string | undefined;
  /** What a unique index would fail on. */
  readonly offending?: readonly OffendingValue[] | undefined;
  /** When a hidden index is dropped, ISO 8601. */
  readonly until?: string | undefined;
  /** Files or models that want it. */
  readonly from?: string | undefined;
  readonly steps: readonly SyncStep[];
}

/** A hidden index that waits to be dropped. */
export interface HiddenIndex {
  readonly collection: string;
  readonly index: string;
  readonly since: Date;
}

/** Reading how collections are. Writes nothing, and works for a read-only user. */
export interface DefinitionReader {
  /** All collections and views but the server's own and godwit's. */
  read(): Promise<ActualCollection[]>;
  hidden(): Promise<HiddenIndex[]>;
  /** Values that would keep a unique index from being built, at most `limit`. */
  offending(
    collection: string,
    index: IndexDefinition,
    limit: number,
  ): Promise<readonly OffendingValue[]>;
  /** Types seen per field path, in a sample of at most `limit` documents. */
  sample(collection: string, limit: number): Promise<Readonly<Record<string, readonly string[]>>>;
  /** Which of these field paths a document lacks, or has as null. */
  lacking(collection: string, fields: readonly string[]): Promise<readonly string[]>;
}

export interface ApplyCall {
  readonly emit: Emit;
  /** Aborted when an index build under way should be given up. */
  readonly abort: AbortSignal;
}
