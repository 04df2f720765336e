import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { GodwitError } from '../../errors.ts';
import { loadModule } from '../../formats/load-module.ts';
import type { Direction } from '../../ports/migration.ts';
import type { RunReport, StatusReport } from '../reports.ts';
import type { Migrator } from '../types.ts';
import { isApplied, RunnerConsole } from './console.ts';
import { type MigrationRunnerOptions, openRunnerMigrator } from './runner-migrator.ts';

export type { MigrationRunnerOptions } from './runner-migrator.ts';

/** A file's exports, as `getMigrations` returns them. */
export interface RunnerMigration {
  readonly file: string;
  readonly version: number | string;
  readonly description?: string | undefined;
  readonly [exported: string]: unknown;
}

export interface AppliedMigration {
  readonly version: number | string;
  readonly appliedAt: Date | undefined;
  readonly status: 'applied';
}

interface OpenConnection {
  readonly client: unknown;
  readonly db: unknown;
  close(): Promise<void>;
}

/**
 * A runner with the constructor and methods that many MongoDB projects wrote for
 * themselves, over `createMigrator`: with godwit's lock, history and refusals. `up` and
 * `down` reject when a migration fails. The collection `migrationHistory` is kept in step
 * while it exists, unless `mirror` says otherwise.
 *
 * A project's godwit config is read too, so that this and the CLI are of one mind.
 *
 * @example
 * ```ts
 * const runner = new MigrationRunner(process.env.MONGODB_URI, { dir: 'server/migrations' });
 * await runner.up(5);
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: the project's own driver decides the types
export class MigrationRunner<Client = any, Db = any> {
  readonly mongoUri: string | undefined;
  readonly options: MigrationRunnerOptions;
  client: Client | null = null;
  db: Db | null = null;
  #connection: OpenConnection | undefined;

  /**
   * @param mongoUri `mongodb://host:port/database`; when it is missing, the project's config
   *   says it, or the first method that needs it rejects with GODWIT_URL_MISSING
   * @param options `dir` is the folder of migrations: without it, the config's, else
   *   `migrations`
   */
  constructor(mongoUri: string | undefined, options: MigrationRunnerOptions = {}) {
    this.mongoUri = mongoUri;
    this.options = options;
  }

  /**
   * Opens the connection behind `client` and `db`. `up`, `down` and `status` do it by
   * themselves, and close only what they opened.
   */
  async connect(): Promise<void> {
    if (this.client !== null) return;
    const migrator = await this.#migrator();
    const { url, root, store, tls, connectTimeoutMs } = await migrator.settings();
    const { connect } = await import('../../drivers/mongodb/connect.ts');
    const emit = (): void => {};
    const connection = await connect({
      url,
      root,
      store,
      tls,
      connectTimeoutMs,
      lock: 'auto',
      emit,
    });
    this.#connection = connection;
    this.client = connection.client as Client;
    this.db = connection.db as Db;
  }

  async disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.client = null;
    this.db = null;
    await connection?.close();
  }

  /** Imports every file. @returns name and exports of each, in version order */
  async getMigrations(): Promise<RunnerMigration[]> {
    const migrator = await this.#migrator();
    const { root } = await migrator.settings();
    const migrations: RunnerMigration[] = [];
    for (const entry of await migrator.list()) {
      if (entry.file === null) continue;
      const path = resolve(root, entry.file);
      const exported = await loadModule({ path, file: entry.file }, await readFile(path, 'utf8'));
      const { default: wrapped, ...named } = exported as Record<string, unknown>;
      migrations.push({
        ...(entry.description !== null && { description: entry.description }),
        ...named,
        ...(wrapped as object | undefined),
        file: basename(entry.file),
        version: versionValue(entry.version),
      });
    }
    return migrations;
  }

  /** What counts as applied, in version order: by the history, or by hand in the mirror. */
  getAppliedMigrations(): Promise<AppliedMigration[]> {
    return this.#use(async (migrator) => {
      const { migrations } = await migrator.status();
      const own = migrations.filter(({ kind }) => kind === 'migration');
      return own.filter(isApplied).map(({ version, appliedAt }) => ({
        version: versionValue(version),
        appliedAt: appliedAt === null ? undefined : new Date(appliedAt),
        status: 'applied',
      }));
    });
  }

  /** Says that a version is applied, without running it. */
  async recordMigration(version: number | string): Promise<void> {
    await this.#use((migrator) =>
      migrator.mark(String(version), 'applied', { reason: 'MigrationRunner' }),
    );
  }

  /** Says that a version is not applied, without reverting it. */
  async removeMigrationRecord(version: number | string): Promise<void> {
    await this.#use((migrator) =>
      migrator.mark(String(version), 'pending', { reason: 'MigrationRunner' }),
    );
  }

  /**
   * Applies what is pending.
   *
   * @param targetVersion up to and with this version, whether or not a file has it; `null`
   *   is everything
   * @throws GodwitError the failed migration's, or why nothing was begun
   */
  async up(targetVersion: number | string | null = null): Promise<RunReport> {
    const to = targetVersion === null ? undefined : typedVersion(targetVersion);
    return this.#run('up', (migrator) => migrator.up({ to }));
  }

  /** Reverts the newest `steps`. @throws GodwitError as `up` */
  async down(steps = 1): Promise<RunReport> {
    if (!Number.isSafeInteger(steps) || steps < 1) {
      throw usage(`down takes a number of migrations from 1, not ${steps}.`);
    }
    return this.#run('down', (migrator) => migrator.down({ steps }));
  }

  /** Prints which migrations are applied, and returns the report. Writes nothing. */
  status(): Promise<StatusReport> {
    return this.#use(async (migrator) => {
      const report = await migrator.status();
      const own = report.migrations.filter(({ kind }) => kind === 'migration');
      this.#console().status(own, report.problems);
      return report;
    });
  }

  #run(direction: Direction, work: (migrator: Migrator) => Promise<RunReport>): Promise<RunReport> {
    return this.#use(async (migrator) => {
      const lines = this.#console();
      lines.know(await migrator.list());
      const stop = migrator.on((event) => lines.show(event));
      try {
        const report = await work(migrator);
        throwFailure(report);
        lines.summary(direction, report);
        return report;
      } finally {
        stop();
      }
    });
  }

  async #use<T>(work: (migrator: Migrator) => Promise<T>): Promise<T> {
    const open = this.client !== null;
    if (!open) await this.connect();
    try {
      const migrator = await this.#migrator(this.client);
      try {
        return await work(migrator);
      } finally {
        await migrator.close();
      }
    } finally {
      if (!open) await this.disconnect();
    }
  }

  #migrator(client?: unknown): Promise<Migrator> {
    return openRunnerMigrator(this.mongoUri, this.options, client);
  }

  #console(): RunnerConsole {
    return new RunnerConsole(this.options.log ?? ((line) => console.log(line)));
  }
}

function throwFailure({ runs, error }: RunReport): void {
  const info = error ?? runs.find((run) => run.error)?.error;
  if (info) throw new GodwitError(info.code, info.message, info);
}

/** A number where it is one exactly, as in the files. */
function versionValue(version: string): number | string {
  return Number.isSafeInteger(Number(version)) ? Number(version) : version;
}

function typedVersion(version: number | string): string {
  const text = String(version).trim();
  if (text !== '' && text !== 'NaN') return text;
  throw usage(`"${version}" is no version.`);
}

function usage(message: string): GodwitError {
  return new GodwitError('GODWIT_USAGE', message, { state: 'Nothing was run.' });
}
