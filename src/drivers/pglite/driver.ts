import { userInfo } from 'node:os';
import { GodwitError } from '../../errors.ts';
import type { TableActivity } from '../../ports/activity.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { Backups } from '../../ports/backup.ts';
import type { Checks } from '../../ports/checks.ts';
import type {
  Capabilities,
  Diagnosis,
  Driver,
  OpenDriver,
  OpenOptions,
  Prediction,
  ScriptStep,
  Target,
} from '../../ports/driver.ts';
import type { Actor, HistoryReader, MirrorRecord, MirrorSpec } from '../../ports/history.ts';
import type { SqlText } from '../../ports/migration.ts';
import type { PublicIdReader } from '../../ports/public-ids.ts';
import type { Rows } from '../../ports/rows.ts';
import type {
  AcquireOptions,
  Dropped,
  LockHolder,
  ResetScope,
  Session,
} from '../../ports/session.ts';
import type { Scratch, Snapshot, SnapshotOptions } from '../../ports/snapshot.ts';
import { claim } from '../postgres/claim.ts';
import { PostgresHistory } from '../postgres/history.ts';
import { readMirror } from '../postgres/mirror.ts';
import { PostgresSession } from '../postgres/session.ts';
import { createStore, type Store } from '../postgres/store.ts';
import { waitForLock } from '../postgres/wait.ts';
import { FileLock } from './file-lock.ts';
import { folderOf, hasDatabase, openPglite } from './folder.ts';
import { LockFile } from './lock-file.ts';
import { PgliteConnection, type PgliteLike } from './pglite-connection.ts';

/** Opens a PGlite database. The folder itself is opened, under its lock, when it is used. */
export const open: OpenDriver = async (options) => new PgliteDriver(options);

const NOTHING_TO_ASK: Checks = {
  builtIn: async () => [],
  verify: async () => undefined,
  call: async () => undefined,
  close: async () => {},
};

class PgliteDriver implements Driver {
  readonly name = 'pglite' as const;
  readonly capabilities: Capabilities = {
    sql: true,
    transactionalDdl: true,
    transactions: true,
    singleTransaction: true,
    lease: false,
  };
  readonly target: Target;
  readonly history: HistoryReader;
  readonly #options: OpenOptions;
  readonly #store: Store;
  readonly #folder: string | undefined;
  readonly #file: LockFile | undefined;
  #database: Promise<PgliteLike> | undefined;
  #connection: PgliteConnection | undefined;
  #session: PostgresSession | undefined;
  #holder: LockHolder | undefined;

  constructor(options: OpenOptions) {
    this.#options = options;
    this.#store = createStore(options.store.schema, options.role);
    const given = options.client !== undefined;
    this.#folder =
      given && !options.url.startsWith('pglite:') ? undefined : folderOf(options.url, options.root);
    // Whoever opened the database that is given answers for its folder.
    this.#file = given || this.#folder === undefined ? undefined : new LockFile(this.#folder);
    this.target = { driver: 'pglite', host: this.#folder ?? 'memory', database: 'postgres' };
    const history = new PostgresHistory(this.#store, () => this.#open('read'));
    this.history = {
      versions: async () => (this.#isEmpty() ? [] : history.versions()),
      events: async (query) => (this.#isEmpty() ? [] : history.events(query)),
    };
  }

  async lockHolder(): Promise<LockHolder | undefined> {
    if (this.#holder) return this.#holder;
    // While it is only open for reading nobody holds the lock in the sense of a run.
    return this.#file?.held ? undefined : this.#file?.holder();
  }

  async breakLock(holder: LockHolder): Promise<boolean> {
    return (await this.#file?.remove(holder)) ?? false;
  }

  async acquire(options: AcquireOptions): Promise<Session> {
    const { by, command, emit } = options;
    const { waitedMs } = await waitForLock(
      options,
      async () => (!this.#session && (await this.#takeFile(by, command)) ? true : undefined),
      () => this.lockHolder(),
    );
    const connection = await this.#connect();
    const claimed = await claim(connection, this.#store, options, { mode: 'file' });
    if (!claimed) throw new GodwitError('GODWIT_LOCK_HELD', 'The database is locked by a lease.');
    const { fence, succeeded } = claimed;
    await this.#file?.describe(by, command, fence);
    this.#holder = { by, command, since: new Date(), fence, alive: true };
    const lock = new FileLock(connection, this.#store, claimed);
    emit({ type: 'lock.acquired', fence, waitedMs, ...(succeeded && { succeeded }) });
    const place = {
      driver: this.name,
      connection,
      lock,
      store: this.#store,
      owned: this.#options.client === undefined,
      keepsSession: true,
      root: this.#options.root,
      observer: async () => undefined,
      reconnect: async () => undefined,
    };
    this.#session = new PostgresSession(place, () => {
      this.#session = undefined;
      this.#holder = undefined;
    });
    return this.#session;
  }

  async readMirror(spec: MirrorSpec): Promise<MirrorRecord[]> {
    return this.#isEmpty() ? [] : readMirror(await this.#open('read'), this.#store, spec);
  }

  async diagnose(): Promise<Diagnosis[]> {
    if (this.#isEmpty()) {
      return [
        {
          code: 'database',
          severity: 'info',
          message: `${this.target.host} holds no database yet.`,
        },
      ];
    }
    const { diagnose } = await import('../postgres/diagnose.ts');
    return diagnose(await this.#open('read'), this.#store);
  }

  async activity(): Promise<readonly TableActivity[]> {
    if (this.#isEmpty()) return [];
    const { readActivity } = await import('../postgres/activity.ts');
    return readActivity(await this.#open('read'), this.#store.schema);
  }

  async resettable(scope: ResetScope): Promise<readonly Dropped[]> {
    if (this.#isEmpty()) return [];
    const { listEverything } = await import('../postgres/reset.ts');
    return listEverything(await this.#open('read'), this.#store, scope);
  }

  async checks(): Promise<Checks> {
    // Asking would make a database where there is none.
    if (this.#isEmpty()) return NOTHING_TO_ASK;
    const { openChecks } = await import('../postgres/checks/checks.ts');
    const main = (): Promise<PgliteConnection> => this.#open('validate');
    const fresh = async (): Promise<undefined> => undefined;
    const { root } = this.#options;
    return openChecks({ main, fresh }, { driver: this.name, store: this.#store, root });
  }

  async predict(sql: SqlText): Promise<Prediction> {
    const { predict } = await import('../postgres/predict.ts');
    return predict(sql);
  }

  async backfills(): Promise<Backfills> {
    const { openBackfills } = await import('../postgres/backfill/backfills.ts');
    const main = (): Promise<PgliteConnection> => this.#open('backfill');
    const none = async (): Promise<undefined> => undefined;
    const connections = { owned: false, main, observer: none, fresh: none, close: none };
    return openBackfills({ connections, store: this.#store, most: 1, embedded: true });
  }

  async publicIds(): Promise<PublicIdReader> {
    const { openPublicIds } = await import('../postgres/public-ids/inspect.ts');
    return openPublicIds(() => this.#open('read'));
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    const { emptySnapshot, takeSnapshot } = await import('../postgres/snapshot/take.ts');
    if (this.#isEmpty()) return emptySnapshot('pglite');
    return takeSnapshot(await this.#open('read'), this.#store, this.name, options);
  }

  async snapshotScript(snapshot: Snapshot, purpose: 'file' | 'migration'): Promise<string> {
    const { snapshotScript } = await import('../postgres/snapshot/script.ts');
    return snapshotScript(snapshot, purpose);
  }

  async backups(): Promise<Backups> {
    const { openBackups } = await import('../postgres/backup/backups.ts');
    const { embeddedPlace } = await import('./backup-place.ts');
    const open = (): Promise<PgliteConnection> => this.#open('backup');
    return openBackups(embeddedPlace(this.#store, this.#options.root, open));
  }

  /** In memory, whatever this one is in. */
  async scratch(): Promise<Scratch> {
    const { loadSchema } = await import('../postgres/snapshot/load.ts');
    const options = { ...this.#options, url: 'pglite:memory', client: undefined, role: undefined };
    const driver = new PgliteDriver(options);
    return {
      driver,
      where: 'PGlite in memory',
      load: async (schema) => loadSchema(await driver.#open('schema'), schema, true),
      remove: () => driver.close(),
    };
  }

  async rows(): Promise<Rows> {
    const { openRows } = await import('../postgres/rows.ts');
    return openRows(() => this.#open('read'), this.#store);
  }

  async script(steps: readonly ScriptStep[]): Promise<string> {
    const { writeScript } = await import('../postgres/script.ts');
    return writeScript(this.#store, steps);
  }

  async close(): Promise<void> {
    await this.#session?.release();
    await this.#connection?.close();
    const database = await this.#database?.catch(() => undefined);
    if (this.#options.client === undefined && database && !database.closed) await database.close();
    this.#database = undefined;
    await this.#file?.release();
  }

  /** Opening a folder for reading would make a database in it. */
  #isEmpty(): boolean {
    if (this.#options.client !== undefined || this.#database !== undefined) return false;
    return this.#folder === undefined ? false : !hasDatabase(this.#folder);
  }

  /** Reading opens the folder too, so it takes the lock file; it waits a little for it. */
  async #open(command: string): Promise<PgliteConnection> {
    if (this.#file && !this.#file.held) {
      const { connectTimeoutMs, emit } = this.#options;
      const signal = new AbortController().signal;
      await waitForLock(
        { by: reader(), command, timeoutMs: connectTimeoutMs, leaseMs: 0, signal, emit },
        async () => (await this.#takeFile(reader(), command)) || undefined,
        () => this.lockHolder(),
      );
    }
    return this.#connect();
  }

  async #takeFile(by: Actor, command: string): Promise<boolean> {
    return this.#file ? this.#file.tryTake(by, command) : true;
  }

  /** A session that was given up is replaced over the same database. */
  async #connect(): Promise<PgliteConnection> {
    this.#database ??= this.#start();
    const database = await this.#database;
    if (!this.#connection || this.#connection.lost.aborted) {
      this.#connection = new PgliteConnection(database);
    }
    return this.#connection;
  }

  async #start(): Promise<PgliteLike> {
    const { client, root } = this.#options;
    return client === undefined ? openPglite(this.#folder, root) : (client as PgliteLike);
  }
}

function reader(): Actor {
  return { host: '', user: userInfo().username, pid: process.pid, godwit: '' };
}
