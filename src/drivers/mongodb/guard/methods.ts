/**
 * What the guard must know of each method of the driver, in majors 5 to 7. Methods that
 * are not listed pass through untouched. `read` or `write`, and where the options stand.
 */
export interface Method {
  readonly kind: 'read' | 'write';
  /** Index of the options among the arguments. */
  readonly options: number;
  /** False where the server takes no session for it (change streams, search indexes). */
  readonly session?: false;
  /** What it does to a collection, for counting and, later, for the journal. */
  readonly effect?: Effect;
  /** Looks at the arguments to see whether this call writes. */
  readonly writes?: 'pipeline' | 'command';
  /** What it returns, where that must be guarded too. `value` is left as it is. */
  readonly returns?: 'value' | 'collection' | 'collections' | 'bulk' | 'pipeline-cursor';
}

export type Effect =
  | 'insert'
  | 'update'
  | 'delete'
  | 'find-and-modify'
  | 'bulk'
  | 'create-index'
  | 'drop-index'
  | 'create'
  | 'drop'
  | 'rename'
  | 'other';

type Table = Readonly<Record<string, Method>>;

const read = (options: number, more: Partial<Method> = {}): Method => ({
  kind: 'read',
  options,
  ...more,
});
const write = (options: number, effect: Effect, more: Partial<Method> = {}): Method => ({
  kind: 'write',
  options,
  effect,
  ...more,
});

export const COLLECTION: Table = {
  insertOne: write(1, 'insert'),
  insertMany: write(1, 'insert'),
  bulkWrite: write(1, 'bulk'),
  updateOne: write(2, 'update'),
  updateMany: write(2, 'update'),
  replaceOne: write(2, 'update'),
  deleteOne: write(1, 'delete'),
  deleteMany: write(1, 'delete'),
  findOneAndUpdate: write(2, 'find-and-modify'),
  findOneAndReplace: write(2, 'find-and-modify'),
  findOneAndDelete: write(1, 'find-and-modify'),
  initializeOrderedBulkOp: write(0, 'bulk', { returns: 'bulk' }),
  initializeUnorderedBulkOp: write(0, 'bulk', { returns: 'bulk' }),
  createIndex: write(1, 'create-index'),
  createIndexes: write(1, 'create-index'),
  dropIndex: write(1, 'drop-index'),
  dropIndexes: write(0, 'drop-index'),
  rename: write(1, 'rename', { returns: 'collection' }),
  drop: write(0, 'drop'),
  createSearchIndex: write(1, 'other', { session: false }),
  createSearchIndexes: write(1, 'other', { session: false }),
  updateSearchIndex: write(2, 'other', { session: false }),
  dropSearchIndex: write(1, 'other', { session: false }),
  aggregate: read(1, { writes: 'pipeline', returns: 'pipeline-cursor' }),
  find: read(1),
  findOne: read(1),
  countDocuments: read(1),
  estimatedDocumentCount: read(0),
  count: read(1),
  distinct: read(2),
  listIndexes: read(0),
  indexes: read(0),
  indexExists: read(1),
  indexInformation: read(0),
  options: read(0),
  isCapped: read(0),
  stats: read(0),
  watch: read(1, { session: false }),
};

export const DB: Table = {
  collections: read(0, { returns: 'collections' }),
  createCollection: write(1, 'create', { returns: 'collection' }),
  dropCollection: write(1, 'drop'),
  renameCollection: write(2, 'rename', { returns: 'collection' }),
  createIndex: write(2, 'create-index'),
  dropDatabase: write(0, 'other'),
  addUser: write(2, 'other'),
  removeUser: write(1, 'other'),
  setProfilingLevel: write(1, 'other'),
  profilingLevel: read(0),
  command: read(1, { writes: 'command' }),
  runCursorCommand: read(1, { writes: 'command' }),
  aggregate: read(1, { writes: 'pipeline', returns: 'pipeline-cursor' }),
  listCollections: read(1),
  indexInformation: read(1),
  stats: read(0),
  watch: read(1, { session: false }),
};

/** Commands of the server as a whole are no part of a transaction. */
export const ADMIN: Table = {
  command: read(1, { writes: 'command', session: false }),
  addUser: write(2, 'other', { session: false }),
  removeUser: write(1, 'other', { session: false }),
};

export const CLIENT: Table = {
  bulkWrite: write(1, 'bulk'),
  watch: read(1, { session: false }),
};

export const BULK: Table = {
  execute: write(0, 'bulk'),
};

/** Commands that only read; any other is taken for a write. */
const READING_COMMANDS = new Set(
  [
    ...[
      'find',
      'aggregate',
      'count',
      'distinct',
      'getMore',
      'explain',
      'ping',
      'hello',
      'isMaster',
    ],
    ...['ismaster', 'buildInfo', 'buildinfo', 'collStats', 'dbStats', 'dbstats', 'dataSize'],
    ...['listCollections', 'listIndexes', 'listDatabases', 'listCommands', 'serverStatus'],
    ...['connectionStatus', 'getParameter', 'hostInfo', 'dbHash', 'validate', 'usersInfo'],
    ...['rolesInfo', 'currentOp', 'replSetGetStatus', 'replSetGetConfig', 'getCmdLineOpts'],
    ...['getLog', 'top', 'whatsmyuri', 'features', 'killCursors', 'profile', 'getDefaultRWConcern'],
  ].map((name) => name.toLowerCase()),
);

/** Whether this very call writes. */
export function callWrites(method: Method, args: readonly unknown[]): boolean {
  if (method.kind === 'write') return true;
  if (method.writes === 'pipeline') return pipelineWrites(args[0]);
  if (method.writes === 'command') return commandWrites(args[0]);
  return false;
}

export function pipelineWrites(pipeline: unknown): boolean {
  if (!Array.isArray(pipeline)) return false;
  const last: unknown = pipeline.at(-1);
  return typeof last === 'object' && last !== null && ('$out' in last || '$merge' in last);
}

function commandWrites(command: unknown): boolean {
  if (typeof command !== 'object' || command === null) return false;
  const keys = command instanceof Map ? [...command.keys()] : Object.keys(command);
  const name = String(keys[0] ?? '').toLowerCase();
  if (!READING_COMMANDS.has(name)) return true;
  const { pipeline, profile } = command as { pipeline?: unknown; profile?: unknown };
  if (typeof profile === 'number') return profile >= 0;
  return pipelineWrites(pipeline);
}
