import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { GodwitError } from '../../../errors.ts';
import type {
  BackupData,
  Backups,
  CreateBackup,
  RestoreBackup,
  RestoreReport,
} from '../../../ports/backup.ts';
import type { Connection } from '../connection.ts';
import type { Store } from '../store.ts';
import { serverVersion } from './attachments.ts';
import { createScript } from './create-script.ts';
import { nameArray, readExtent } from './extent.ts';
import { findPgDump, type PgDump } from './find-pg-dump.ts';
import { restoreScript } from './restore-script.ts';

/** Where backups are made of, and restored to. */
export interface BackupPlace {
  readonly store: Store;
  /** A session, for one at a time. `close` gives it back as it was. */
  session(): Promise<{ readonly connection: Connection; close(): Promise<void> }>;
  /** For pg_dump; undefined where it cannot connect, as through a pooler. */
  readonly libpq: Readonly<Record<string, string>> | undefined;
  readonly pgDump: string | false | undefined;
  /** Another session, to cancel what the first one does. */
  observer(): Promise<Connection | undefined>;
  /** A database that is thrown away. Throws GODWIT_UNSUPPORTED where there can be none. */
  scratch(): Promise<{ readonly place: BackupPlace; drop(): Promise<void> }>;
}

const SCRIPT = 'database.sql.gz';

export function openBackups(place: BackupPlace): Backups {
  return new PostgresBackups(place);
}

class PostgresBackups implements Backups {
  readonly plain = {
    name: 'pre_migration_backup.sql',
    write: async (folder: string, file: string): Promise<void> => {
      const target = createWriteStream(file, { mode: 0o600, flush: true });
      await pipeline(createReadStream(join(folder, SCRIPT)), createGunzip(), target);
    },
  };
  readonly #place: BackupPlace;
  #found: Promise<PgDump | undefined> | undefined;

  constructor(place: BackupPlace) {
    this.#place = place;
  }

  async estimate({
    only,
    plain,
  }: Parameters<Backups['estimate']>[0]): Promise<{ tool: string; bytes: number }> {
    return this.#with(async (connection) => {
      const { managed } = await readExtent(connection, this.#place.store, only);
      const [result] = await connection.simple(
        `select coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0) from pg_catalog.pg_class c
          join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          where c.relkind = 'r' and n.nspname = any (${nameArray(managed)})`,
      );
      const bytes = Number(result?.rows[0]?.[0] ?? 0);
      const program = await this.#program(connection);
      // Text is about as long as the pages it is in; zipped it is rarely more than a third.
      return { tool: toolOf(program), bytes: 65_536 + Math.round(bytes * (plain ? 1.35 : 0.35)) };
    });
  }

  async create({ folder, only, signal, onProgress }: CreateBackup): Promise<BackupData> {
    return this.#with(async (connection) => {
      const program = await this.#program(connection);
      return createScript(this.#place, {
        ...{ connection, program, only, signal, onProgress },
        file: join(folder, SCRIPT),
        tool: toolOf(program),
      });
    });
  }

  restore(options: RestoreBackup): Promise<RestoreReport> {
    return this.#restoreTo(this.#place, options);
  }

  async rehearse(options: RestoreBackup): Promise<RestoreReport> {
    const { place, drop } = await this.#place.scratch();
    try {
      return await this.#restoreTo(place, options);
    } finally {
      await drop();
    }
  }

  async close(): Promise<void> {}

  async #restoreTo(place: BackupPlace, options: RestoreBackup): Promise<RestoreReport> {
    if (options.only !== undefined) {
      throw new GodwitError(
        'GODWIT_UNSUPPORTED',
        'Of a PostgreSQL backup everything is restored: its schemas depend on each other.',
        {
          state: 'Nothing was restored.',
          next: ['make backups of parts: godwit backup create --only SCHEMA'],
        },
      );
    }
    const { connection, close } = await place.session();
    try {
      return await restoreScript(place, connection, join(options.folder, SCRIPT), options);
    } finally {
      await close();
    }
  }

  async #with<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { connection, close } = await this.#place.session();
    try {
      return await work(connection);
    } finally {
      await close();
    }
  }

  async #program(connection: Connection): Promise<PgDump | undefined> {
    const { libpq, pgDump } = this.#place;
    if (libpq === undefined || pgDump === false) return undefined;
    this.#found ??= serverVersion(connection).then((version) => findPgDump(version, pgDump));
    return this.#found;
  }
}

function toolOf(program: PgDump | undefined): string {
  return program ? `pg_dump ${program.version}` : 'godwit';
}
