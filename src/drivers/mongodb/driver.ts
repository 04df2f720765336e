import type { Db } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { TableActivity } from '../../ports/activity.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { Backups, BackupTools } from '../../ports/backup.ts';
import type { Checks } from '../../ports/checks.ts';
import type { DefinitionReader } from '../../ports/definition.ts';
import type { Driver, OpenDriver, OpenOptions } from '../../ports/driver.ts';
import type { HistoryReader, MirrorRecord, MirrorSpec } from '../../ports/history.ts';
import type { PublicIdReader } from '../../ports/public-ids.ts';
import type { Rows } from '../../ports/rows.ts';
import type { AcquireOptions, Dropped, LockHolder, Session } from '../../ports/session.ts';
import type { Scratch, Snapshot, SnapshotOptions } from '../../ports/snapshot.ts';
import { type Connection, connect } from './connect.ts';
import { toMongoError } from './errors.ts';
import { createHistoryReader } from './history.ts';
import { breakLock, readLock } from './lock.ts';
import type { SessionParts } from './session.ts';
import { createStore, type Store } from './store.ts';

/**
 * Opens a MongoDB database. Connects, writes nothing.
 *
 * @throws GodwitError `GODWIT_CONNECT_FAILED`, `GODWIT_AUTH_FAILED`, `GODWIT_URL_INVALID`,
 *   `GODWIT_DRIVER_MISSING`, `GODWIT_DRIVER_UNSUPPORTED`
 */
export const open: OpenDriver = async (options) => {
  const connection = await connect(options);
  const store = createStore(connection, options.store);
  return new MongoDriver(connection, store, options);
};

class MongoDriver implements Driver {
  readonly name = 'mongodb';
  readonly capabilities: Driver['capabilities'];
  readonly target: Driver['target'];
  readonly history: Driver['history'];
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #options: OpenOptions;
  readonly #sessions = new Set<Session>();
  #reading: Promise<unknown> | undefined;
  #closed: Promise<void> | undefined;

  constructor(connection: Connection, store: Store, options: OpenOptions) {
    this.#connection = connection;
    this.#store = store;
    this.#options = options;
    this.target = connection.target;
    this.history = this.#noticed(createHistoryReader(store));
    this.capabilities = {
      sql: false,
      transactionalDdl: false,
      transactions: connection.topology.type !== 'standalone',
      singleTransaction: false,
      lease: true,
    };
  }

  async lockHolder(): Promise<LockHolder | undefined> {
    // Beside it would take a second connection, which costs more than the wait.
    await this.#reading?.catch(() => undefined);
    const held = await readLock(this.#store).catch((error: unknown) => {
      throw toMongoError(error, 'read the lock', this.#options.url);
    });
    return held?.holder;
  }

  async breakLock(holder: LockHolder): Promise<boolean> {
    return breakLock(this.#store, holder).catch((error: unknown) => {
      throw toMongoError(error, 'take the lock away', this.#options.url);
    });
  }

  async acquire(options: AcquireOptions): Promise<Session> {
    const { root, url, mongoose } = this.#options;
    const parts: SessionParts = {
      store: this.#store,
      history: this.history,
      topology: this.#connection.topology,
      transactions: this.capabilities.transactions,
      root,
      url,
      prefix: this.#options.store.prefix,
      mongoose,
    };
    const { openSession } = await import('./session.ts');
    const session = await openSession(parts, options);
    this.#sessions.add(session);
    return session;
  }

  async readMirror(spec: MirrorSpec): Promise<MirrorRecord[]> {
    const { readMirror } = await import('./mirror.ts');
    return readMirror(this.#store, spec);
  }

  async backfills({ connections }: { readonly connections: number }): Promise<Backfills> {
    const { openBackfills } = await import('./backfill/backfills.ts');
    return openBackfills(this.#options, connections);
  }

  async publicIds(): Promise<PublicIdReader> {
    const { openPublicIds } = await import('./public-ids/inspect.ts');
    return openPublicIds(this.#store);
  }

  async definitions(): Promise<DefinitionReader> {
    const { openDefinitions } = await import('./sync/definitions.ts');
    return openDefinitions(this.#store, this.#options);
  }

  async backups(tools: BackupTools): Promise<Backups> {
    const { openBackups } = await import('./backup/backups.ts');
    return openBackups(this.#connection, this.#options, tools);
  }

  async activity(): Promise<readonly TableActivity[]> {
    const { readActivity } = await import('./activity.ts');
    return readActivity(this.#connection.db);
  }

  async resettable(): Promise<readonly Dropped[]> {
    const { listEverything } = await import('./reset.ts');
    return listEverything(this.#store);
  }

  async checks(): Promise<Checks> {
    const { openChecks } = await import('./checks/checks.ts');
    return openChecks(this.#store);
  }

  async diagnose(): ReturnType<Driver['diagnose']> {
    const { diagnose } = await import('./diagnose.ts');
    return diagnose(this.#connection, this.#store, this.#options.url);
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    const { takeSnapshot } = await import('./snapshot/take.ts');
    const { version } = await this.#connection.db.command({ buildInfo: 1 });
    return takeSnapshot(this.#store, this.#options.store.prefix, version, options);
  }

  async snapshotScript(snapshot: Snapshot): Promise<string> {
    const { snapshotScript } = await import('./snapshot/script.ts');
    return snapshotScript(snapshot);
  }

  async scratch(): Promise<Scratch> {
    const { createScratch } = await import('./snapshot/scratch.ts');
    return createScratch(this.#options, open);
  }

  async rows(): Promise<Rows> {
    const { openRows } = await import('./rows.ts');
    return openRows(this.#store, this.#options.store.prefix, this.#options.root);
  }

  /** For what is loaded into a scratch database. */
  get database(): Db {
    return this.#connection.db;
  }

  async script(): Promise<string> {
    throw new GodwitError(
      'GODWIT_UNSUPPORTED',
      'MongoDB migrations are code: there is no SQL to print.',
      {
        next: ['godwit plan'],
      },
    );
  }

  #noticed(history: HistoryReader): HistoryReader {
    return {
      events: (query) => history.events(query),
      versions: () => {
        const reading = history.versions();
        this.#reading = reading;
        return reading;
      },
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.release()));
    await this.#connection.close();
  }
}
