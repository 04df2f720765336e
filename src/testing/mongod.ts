import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MongoClient } from 'mongodb';
import { GodwitError } from '../errors.ts';
import { launchMongod, type MongodProcess } from './mongod-process.ts';

export interface StartMongodOptions {
  /** A replica set, which transactions need. Default `true`; `false` is a standalone. */
  readonly replicaSet?: boolean | undefined;
  /** Members of the replica set. Default 1. */
  readonly members?: number | undefined;
  /** Ask for a user and password; `uri` then carries those of a root user. */
  readonly auth?: boolean | undefined;
  /** Server parameters, such as `{ enableTestCommands: '1' }`. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Never use `GODWIT_TEST_MONGODB_URI`, because the test stops or pauses the server. */
  readonly own?: boolean | undefined;
}

/** A MongoDB of the test's own. */
export interface TestMongod {
  /** Without a database; with credentials when there are any. */
  readonly uri: string;
  readonly host: string;
  readonly port: number;
  /** Process id of the (first) server; undefined when it was not started here. */
  readonly pid: number | undefined;
  /** Process ids of all members. */
  readonly pids: readonly number[];
  /** The same server's URL with a database name, by default one that is new. */
  databaseUrl(name?: string): string;
  /** Stops the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const SET = 'godwit';
const ROOT = { user: 'root', password: 'root-password' };

/**
 * Starts a real mongod on a free port of 127.0.0.1, in a temporary folder. With
 * `GODWIT_TEST_MONGODB_URI` in the environment that server is used instead, unless the
 * options ask for one that it need not be; `stop` then drops the databases whose names
 * `databaseUrl` made.
 *
 * @returns the server, which takes writes; stop it when done
 * @throws GodwitError `GODWIT_DRIVER_MISSING` when there is no mongod to start,
 *   `GODWIT_CONNECT_FAILED` when it does not start
 * @example
 * const server = await startMongod();
 * const url = server.databaseUrl();
 * await server.stop();
 */
export async function startMongod(options: StartMongodOptions = {}): Promise<TestMongod> {
  const given = process.env['GODWIT_TEST_MONGODB_URI'];
  const special = options.own || options.auth || options.parameters || (options.members ?? 1) > 1;
  if (given && !special && (await isReplicaSet(given)) === (options.replicaSet ?? true)) {
    return describe(given, []);
  }
  const replicaSet = options.replicaSet ?? true;
  const count = replicaSet ? (options.members ?? 1) : 1;
  const key = randomBytes(48).toString('base64');
  const processes = await Promise.all(
    Array.from({ length: count }, () =>
      launchMongod((folder) => moreArguments(folder, options, key)),
    ),
  );
  try {
    if (replicaSet) await initiate(processes);
    if (options.auth) await createRoot(processes, replicaSet);
  } catch (error) {
    await Promise.all(processes.map((server) => server.stop()));
    throw error;
  }
  return describe(uriOf(processes, replicaSet, options.auth ?? false), processes);
}

async function moreArguments(
  folder: string,
  options: StartMongodOptions,
  key: string,
): Promise<string[]> {
  const replicaSet = options.replicaSet ?? true;
  const more = Object.entries(options.parameters ?? {}).flatMap(([name, value]) => [
    '--setParameter',
    `${name}=${value}`,
  ]);
  if (replicaSet) more.push('--replSet', SET, '--oplogSize', '64');
  if (!options.auth) return more;
  if (!replicaSet) return [...more, '--auth'];
  const keyFile = join(folder, 'key');
  await writeFile(keyFile, key, { mode: 0o600 });
  return [...more, '--auth', '--keyFile', keyFile];
}

async function initiate(processes: readonly MongodProcess[]): Promise<void> {
  await withClient(direct(processes), async (client) => {
    const members = processes.map(({ port }, _id) => ({
      _id,
      host: `${HOST}:${port}`,
      // The first becomes primary, and is the one that `pid` names.
      priority: _id === 0 ? 2 : 1,
    }));
    // Elections in a second or two: tests wait for them.
    const settings = { electionTimeoutMillis: 1000, heartbeatIntervalMillis: 200 };
    await client.db('admin').command({ replSetInitiate: { _id: SET, members, settings } });
    for (;;) {
      const hello = await client.db('admin').command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) return;
      await sleep(20);
    }
  });
}

/** By the exception that a server makes for its own machine while it has no users. */
async function createRoot(processes: readonly MongodProcess[], replicaSet: boolean): Promise<void> {
  const writeConcern = replicaSet ? { w: 'majority' } : { w: 1 };
  await withClient(direct(processes), async (client) => {
    const { user, password: pwd } = ROOT;
    await client.db('admin').command({ createUser: user, pwd, roles: ['root'], writeConcern });
  });
}

async function isReplicaSet(uri: string): Promise<boolean> {
  const hello = await withClient(uri, (client) => client.db('admin').command({ hello: 1 }));
  return typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid';
}

function describe(uri: string, processes: readonly MongodProcess[]): TestMongod {
  const parts = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/,?]+)(?::(\d+))?/.exec(uri);
  const made = new Set<string>();
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    if (processes.length > 0) await Promise.all(processes.map((server) => server.stop()));
    else {
      await withClient(uri, async (client) => {
        for (const name of made) await client.db(name).dropDatabase();
      });
    }
  };
  return {
    uri,
    host: parts?.[1] ?? HOST,
    port: Number(parts?.[2] ?? 27017),
    pid: processes[0]?.pid,
    pids: processes.map(({ pid }) => pid),
    databaseUrl(name) {
      if (name !== undefined) return withDatabase(uri, name);
      const fresh = `test_${randomBytes(6).toString('hex')}`;
      made.add(fresh);
      return withDatabase(uri, fresh);
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** Credentials stay those of `admin`, where the URL says nothing else. */
function withDatabase(uri: string, name: string): string {
  const [, base = uri, query] = /^([^?]*:\/\/[^/?]*)[^?]*(?:\?(.*))?$/s.exec(uri) ?? [];
  const parameters = new URLSearchParams(query ?? '');
  if (base.includes('@') && !parameters.has('authSource')) parameters.set('authSource', 'admin');
  const text = parameters.toString();
  return `${base}/${encodeURIComponent(name)}${text === '' ? '' : `?${text}`}`;
}

function direct(processes: readonly MongodProcess[]): string {
  return `mongodb://${HOST}:${processes[0]?.port}/?directConnection=true`;
}

function uriOf(processes: readonly MongodProcess[], replicaSet: boolean, auth: boolean): string {
  const hosts = processes.map(({ port }) => `${HOST}:${port}`).join(',');
  const credentials = auth ? `${ROOT.user}:${ROOT.password}@` : '';
  return `mongodb://${credentials}${hosts}/${replicaSet ? `?replicaSet=${SET}` : ''}`;
}

async function withClient<T>(uri: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const { MongoClient } = await import('mongodb').catch((cause: unknown) => {
    throw new GodwitError('GODWIT_DRIVER_MISSING', 'The package mongodb is not installed.', {
      cause,
      next: ['npm install --save-dev mongodb'],
    });
  });
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}
