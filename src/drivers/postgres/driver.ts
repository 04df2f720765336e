import { GodwitError } from '../../errors.ts';
import type { TableActivity } from '../../ports/activity.ts';
import type { Backfills } from '../../ports/backfill.ts';
import type { Backups, BackupTools } from '../../ports/backup.ts';
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
import type { MirrorRecord, MirrorSpec } from '../../ports/history.ts';
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
import type { ClientSettings } from './client-settings.ts';
import type { Connection } from './connection.ts';
import { type Connections, openConnections } from './connections.ts';
import { PostgresHistory } from './history.ts';
import { breakLock, readHolder } from './holder.ts';
import type { PostgresSession } from './session.ts';
import { createStore, type Store } from './store.ts';
import { readTarget } from './target.ts';

/** Opens a PostgreSQL database; connects, and writes nothing. */
export const open: OpenDriver = async (options) => {
  const { connections, settings } = openConnections(options);
  try {
    const connection = await connections.main();
    const target: Target = settings
      ? {
          driver: 'postgres',
          host: `${settings.host}:${settings.port}`,
          database: settings.database,
          user: settings.user,
        }
      : await readTarget(connection);
    return new PostgresDriver(options, connections, target, settings);
  } catch (error) {
    await connections.close();
    throw error;
  }
};

class PostgresDriver implements Driver {
  readonly name = 'postgres' as const;
  readonly target: Target;
  readonly history: PostgresHistory;
  readonly #options: OpenOptions;
  readonly #connections: Connections;
  readonly #store: Store;
  readonly #settings: ClientSettings | undefined;
  readonly #pooled: boolean;
  #session: PostgresSession | undefined;
  #closed = false;
  /** Whether `auto` chose the lease is known for certain once the lock was taken. */
  #leased: boolean;

  constructor(
    options: OpenOptions,
    connections: Connections,
    target: Target,
    settings: ClientSettings | undefined,
  ) {
    const pooled = settings?.pooled ?? false;
    this.#leased = options.lock === 'lease' || (options.lock === 'auto' && pooled);
    this.#options = options;
    this.#connections = connections;
    this.target = target;
    this.#settings = settings;
    this.#pooled = pooled;
    this.#store = createStore(options.store.schema, options.role);
    this.history = new PostgresHistory(this.#store, () => this.#reader());
  }

  get capabilities(): Capabilities {
    return {
      sql: true,
      transactionalDdl: true,
      transactions: true,
      singleTransaction: true,
      lease: this.#leased,
    };
  }

  async lockHolder(): Promise<LockHolder | undefined> {
    return readHolder(await this.#reader(), this.#store);
  }

  async breakLock(holder: LockHolder): Promise<boolean> {
    return breakLock(await this.#reader(), this.#store, holder);
  }

  async acquire(options: AcquireOptions): Promise<Session> {
    const [{ acquireLock }, { PostgresSession }] = await Promise.all([
      import('./acquire.ts'),
      import('./session.ts'),
    ]);
    // A session lock would be given to the same session twice.
    if (this.#session) {
      const { waitForLock } = await import('./wait.ts');
      const { got } = await waitForLock(
        options,
        async () => !this.#session || undefined,
        () => this.lockHolder(),
      );
      if (!got) throw new GodwitError('GODWIT_INTERNAL', 'Waited for nothing.');
    }
    const connections = this.#connections;
    const choice = { kind: this.#options.lock, pooled: this.#pooled };
    const { lock, connection, leased, keepsSession } = await acquireLock(
      connections,
      this.#store,
      choice,
      options,
    );
    this.#leased = leased;
    const place = {
      driver: this.name,
      connection,
      lock,
      store: this.#store,
      owned: connections.owned,
      keepsSession,
      root: this.#options.root,
      observer: () => connections.observer(),
      reconnect: () => connections.fresh(),
    };
    this.#session = new PostgresSession(place, () => {
      this.#session = undefined;
    });
    return this.#session;
  }

  async readMirror(spec: MirrorSpec): Promise<MirrorRecord[]> {
    const { readMirror } = await import('./mirror.ts');
    return readMirror(await this.#reader(), this.#store, spec);
  }

  async diagnose(): Promise<Diagnosis[]> {
    const { diagnose } = await import('./diagnose.ts');
    return diagnose(await this.#reader(), this.#store);
  }

  async activity(): Promise<readonly TableActivity[]> {
    const { readActivity } = await import('./activity.ts');
    return readActivity(await this.#reader(), this.#store.schema);
  }

  async resettable(scope: ResetScope): Promise<readonly Dropped[]> {
    const { listEverything } = await import('./reset.ts');
    return listEverything(await this.#reader(), this.#store, scope);
  }

  async checks(): Promise<Checks> {
    const { openChecks } = await import('./checks/checks.ts');
    const { root } = this.#options;
    return openChecks(this.#connections, { driver: this.name, store: this.#store, root });
  }

  async predict(sql: SqlText): Promise<Prediction> {
    const { predict } = await import('./predict.ts');
    return predict(sql);
  }

  async backfills({ connections: most }: { readonly connections: number }): Promise<Backfills> {
    const { openBackfills } = await import('./backfill/backfills.ts');
    const [connections, store] = [this.#connections, this.#store];
    return openBackfills({ connections, store, most, embedded: false });
  }

  async publicIds(): Promise<PublicIdReader> {
    const { openPublicIds } = await import('./public-ids/inspect.ts');
    return openPublicIds(() => this.#reader());
  }

  async snapshot(options: SnapshotOptions): Promise<Snapshot> {
    const { takeSnapshot } = await import('./snapshot/take.ts');
    return takeSnapshot(await this.#reader(), this.#store, this.name, options);
  }

  async snapshotScript(snapshot: Snapshot, purpose: 'file' | 'migration'): Promise<string> {
    const { snapshotScript } = await import('./snapshot/script.ts');
    return snapshotScript(snapshot, purpose);
  }

  async backups({ pgDump }: BackupTools): Promise<Backups> {
    const { openBackups } = await import('./backup/backups.ts');
    const { serverPlace } = await import('./backup/server-place.ts');
    const [options, connections, store] = [this.#options, this.#connections, this.#store];
    // A pooler may give each transaction another server: pg_dump needs the same one.
    const settings = this.#leased ? undefined : this.#settings;
    return openBackups(serverPlace({ options, connections, store, settings, pgDump }));
  }

  async scratch(): Promise<Scratch> {
    const { createScratch } = await import('./snapshot/scratch.ts');
    return createScratch(await this.#reader(), this.#options, open);
  }

  async rows(): Promise<Rows> {
    const { openRows } = await import('./rows.ts');
    return openRows(() => this.#reader(), this.#store);
  }

  /** Its session, for what is loaded into a scratch database. */
  connection(): Promise<Connection> {
    return this.#reader();
  }

  async script(steps: readonly ScriptStep[]): Promise<string> {
    const { writeScript } = await import('./script.ts');
    return writeScript(this.#store, steps);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#session?.release();
    await this.#connections.close();
  }

  /** While a run is under way its session is in the middle of a transaction. */
  async #reader(): Promise<Connection> {
    if (this.#session?.busy) {
      const other = await this.#connections.observer();
      if (other) return other;
    }
    return this.#connections.main();
  }
}
