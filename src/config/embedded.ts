import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GodwitError } from '../errors.ts';
import { findEmbeddedMongod } from './embedded-binary.ts';
import { launchEmbedded } from './embedded-server.ts';
import type { Settings } from './settings.ts';
import { EMBEDDED_FOLDER, EMBEDDED_MONGODB } from './url.ts';

export interface EmbeddedDatabase {
  /** URL to connect to while it runs. */
  readonly url: string;
  /** Stops the server; its data stays in `.godwit`. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts the project's embedded MongoDB: a real mongod whose data is in
 * `.godwit/mongodb`, a replica set of one.
 *
 * @returns undefined when the settings name any other database
 * @throws GODWIT_DRIVER_MISSING, GODWIT_CONNECT_FAILED
 *
 * @example
 * ```ts
 * const embedded = await startEmbedded(settings);
 * const url = embedded?.url ?? settings.url;
 * ```
 */
export async function startEmbedded(
  settings: Pick<Settings, 'url' | 'root'>,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<EmbeddedDatabase | undefined> {
  if (settings.url !== EMBEDDED_MONGODB) return undefined;
  const { root } = settings;
  const folder = join(root, EMBEDDED_FOLDER, 'mongodb');
  await mkdir(folder, { recursive: true });
  await writeFile(join(root, EMBEDDED_FOLDER, '.gitignore'), '*\n');
  return startOn(root, folder, env);
}

/**
 * Starts a MongoDB that is gone, with its data, when it is closed.
 *
 * @param root the project's folder, whose driver and mongod are used
 * @throws GODWIT_DRIVER_MISSING, GODWIT_CONNECT_FAILED
 */
export async function startEphemeral(
  root: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<EmbeddedDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-mongodb-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const { url, close } = await startOn(root, folder, env);
    return { url, close: () => close().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function startOn(
  root: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<EmbeddedDatabase> {
  const { MongoClient } = driverOf(root);
  const binary = await findEmbeddedMongod(root, env);
  const server = await launchEmbedded(binary, folder);
  const address = `mongodb://127.0.0.1:${server.port}`;
  const client = new MongoClient(address, { directConnection: true });
  try {
    await becomePrimary(client, server.port);
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    await client.close();
  }
  return { url: `${address}/app?replicaSet=godwit`, close: () => server.stop() };
}

type MongoModule = typeof import('mongodb');

function driverOf(root: string): MongoModule {
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    try {
      return createRequire(from)('mongodb') as MongoModule;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new GodwitError(
    'GODWIT_DRIVER_MISSING',
    `The package mongodb is not installed in ${root}.`,
    {
      state: 'No database was started.',
      next: ['npm install mongodb'],
    },
  );
}

type Client = InstanceType<MongoModule['MongoClient']>;

/** Waits until it takes writes. */
async function becomePrimary(client: Client, port: number): Promise<void> {
  const admin = client.db('admin');
  const deadline = performance.now() + 30_000;
  for (let configured = false; performance.now() < deadline; await sleep(25)) {
    try {
      if (!configured) await configure(admin, port);
      configured = true;
      if ((await admin.command({ hello: 1 })).isWritablePrimary) return;
    } catch (error) {
      // A member may close its connections while it changes its state.
      if ((error as Error).name !== 'MongoNetworkError') throw error;
    }
  }
  throw new GodwitError('GODWIT_CONNECT_FAILED', 'The embedded MongoDB takes no writes.', {
    state: 'Nothing was changed.',
  });
}

/** Initiates the set, or tells it its new port. May be done again. */
async function configure(admin: ReturnType<Client['db']>, port: number): Promise<void> {
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 });
    const changed = {
      ...config,
      version: config.version + 1,
      members: [{ ...config.members[0], ...members[0] }],
    };
    await admin.command({ replSetReconfig: changed, force: true });
  } catch (error) {
    // 94: not yet initialised.
    if ((error as { code?: unknown }).code !== 94) throw error;
    await admin.command({ replSetInitiate: { _id: 'godwit', members } });
  }
}
