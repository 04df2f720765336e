import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startPostgres } from '../../src/testing/postgres.ts';
import { dbmateBinary, resolvePeer } from '../support/peers.ts';
import { type Bench, godwitTool, nodeCommand, scriptTool, type Tool } from './tools.ts';

const SCRIPTS = fileURLToPath(new URL('scripts/', import.meta.url));

export interface Disk {
  readonly fsync: boolean;
  /** How much longer each flush takes than this machine's disk needs, in µs. */
  readonly flushUs: number;
}

/** godwit, the floor and the peers, each with SQL files as it wants them. */
export async function postgresBench(
  bin: string,
  goose: string | undefined,
  disk: Disk,
): Promise<Bench> {
  const { fsync, flushUs } = disk;
  const server = await startPostgres({ fsync });
  if (flushUs > 0) await slowDown(await server.createDatabase(), flushUs);
  const slower = flushUs > 0 ? `, each flush ${flushUs} µs longer` : '';
  return {
    title: `PostgreSQL (fsync ${fsync ? 'on, as servers have it' : 'off'}${slower})`,
    tools: [
      scriptTool('floor', join(SCRIPTS, 'floor-postgres.mjs'), {
        layout: 'sql',
        records: 'floor_history',
      }),
      godwitTool(bin, 'sql', 'godwit.history'),
      scriptTool('umzug', join(SCRIPTS, 'umzug-postgres.mjs'), {
        layout: 'sql',
        records: 'migrations',
      }),
      nodePgMigrate(),
      dbmate(),
      ...(goose === undefined ? [] : [gooseTool(goose)]),
    ],
    newDatabase: () => server.createDatabase(),
    count: countRows,
    stop: () => server.stop(),
  };
}

/** A virtual machine's disk may be memory; the server can wait as if for another one. */
async function slowDown(url: string, flushUs: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`alter system set commit_delay = ${flushUs}`);
    await client.query('alter system set commit_siblings = 0');
    await client.query('select pg_reload_conf()');
  } finally {
    await client.end();
  }
}

async function countRows(url: string, table: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(`select count(*) from ${table}`);
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

/** Has no `status`: a dry run on a database that is up to date does the same reads. */
function nodePgMigrate(): Tool {
  const bin = join(dirname(resolvePeer('node-pg-migrate/package.json')), 'bin/node-pg-migrate.js');
  return {
    name: 'node-pg-migrate',
    layout: 'node-pg-migrate',
    records: 'pgmigrations',
    command: (verb, project, url) =>
      nodeCommand(project, [bin, 'up', ...(verb === 'status' ? ['--dry-run'] : [])], {
        DATABASE_URL: url,
      }),
  };
}

function dbmate(): Tool {
  const program = dbmateBinary();
  return {
    name: 'dbmate',
    layout: 'dbmate',
    records: 'schema_migrations',
    command: (verb, project, url) => ({
      program,
      args: ['--url', withoutTls(url), '--migrations-dir', 'migrations', '--no-dump-schema', verb],
      cwd: project,
    }),
  };
}

function gooseTool(program: string): Tool {
  return {
    name: 'goose',
    layout: 'goose',
    records: 'goose_db_version',
    command: (verb, project, url) => ({
      program,
      args: ['-dir', 'migrations', 'postgres', withoutTls(url), verb],
      cwd: project,
    }),
  };
}

/** Go's drivers insist on TLS unless told. */
function withoutTls(url: string): string {
  return `${url}?sslmode=disable`;
}
