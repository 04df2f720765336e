import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../src/testing/postgres.ts';
import { dbmateBinary, resolvePeer } from '../support/peers.ts';
import { type Bench, godwitTool, nodeCommand, scriptTool, type Tool } from './tools.ts';

const SCRIPTS = fileURLToPath(new URL('scripts/', import.meta.url));

/** godwit, the floor and the peers, each with SQL files as it wants them. */
export async function postgresBench(
  bin: string,
  goose: string | undefined,
  fsync: boolean,
): Promise<Bench> {
  const server = await startPostgres({ fsync });
  return {
    title: `PostgreSQL (fsync ${fsync ? 'on, as servers have it' : 'off'})`,
    tools: [
      scriptTool('floor', join(SCRIPTS, 'floor-postgres.mjs'), 'sql'),
      godwitTool(bin, 'sql'),
      scriptTool('umzug', join(SCRIPTS, 'umzug-postgres.mjs'), 'sql'),
      nodePgMigrate(),
      dbmate(),
      ...(goose === undefined ? [] : [gooseTool(goose)]),
    ],
    newDatabase: () => server.createDatabase(),
    stop: () => server.stop(),
  };
}

/** Has no `status`: a dry run on a database that is up to date does the same reads. */
function nodePgMigrate(): Tool {
  const bin = join(dirname(resolvePeer('node-pg-migrate/package.json')), 'bin/node-pg-migrate.js');
  return {
    name: 'node-pg-migrate',
    layout: 'node-pg-migrate',
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
