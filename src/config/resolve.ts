import { resolve } from 'node:path';
import { GodwitError } from '../errors.ts';
import { chooseUrl, type UrlQuestion } from './choose-url.ts';
import { driverOfClient } from './client.ts';
import { completeSettings } from './complete.ts';
import type { Environment } from './env-files.ts';
import { familyOf } from './folder-kind.ts';
import { finalEnv, type LoadedConfig, loadConfig, originOf } from './load.ts';
import { mergeDatabase } from './merge.ts';
import { isProduction, protectedBy } from './production.ts';
import type { Settings } from './settings.ts';
import type { DatabaseConfig, GodwitConfig } from './types.ts';
import { validateConfig } from './validate.ts';

export interface SettingsRequest {
  /** Folder to look for the config in, and to resolve `overrides.dir` against. Default: the working folder. */
  readonly root?: string | undefined;
  /** A config, the path of one, or `false` for none. Absent: looked for, unless `overrides` connect by themselves. */
  readonly config?: GodwitConfig | string | false | undefined;
  /** Which of the config's `databases`. */
  readonly database?: string | undefined;
  /** Flags or options: they win over the config. `urlFrom` says, for people, where `url` is from. */
  readonly overrides: DatabaseConfig & { readonly urlFrom?: string | undefined };
  readonly environment?: string | undefined;
  readonly processEnv: Environment;
}

/**
 * Complete, checked settings of one database: flags, then config, then environment, then
 * defaults. Contacts no database.
 *
 * @returns settings whose `url`, when it is asked for, throws GODWIT_URL_INVALID or
 *   GODWIT_URL_MISSING if there is none to be had
 * @throws GODWIT_CONFIG_INVALID (lists everything that is wrong), GODWIT_CONFIG_UNREADABLE,
 *   GODWIT_DATABASE_UNKNOWN
 *
 * @example
 * ```ts
 * const settings = await resolveSettings({ overrides: {}, processEnv: process.env });
 * ```
 */
export async function resolveSettings(request: SettingsRequest): Promise<Settings> {
  const loaded = await loadRequested(request);
  const { config, env, root } = loaded;
  validateConfig(loaded, request);
  const name = databaseName(config, request.database);
  const database = mergeDatabase(config, name);
  const from = resolve(request.root ?? process.cwd());
  const environment =
    request.environment ?? config.environment ?? env.GODWIT_ENV ?? env.NODE_ENV ?? 'development';
  const production = isProduction(environment);
  const settings = await completeSettings({
    loaded,
    name,
    database,
    overrides: request.overrides,
    from,
  });
  const family = () => familyOf(settings.dirs, root);
  const { overrides } = request;
  const client = overrides.client ?? (overrides.url === undefined ? database.client : undefined);
  const chosen =
    client === undefined
      ? await chooseOrDefer({ root, env, overrides, database, production, family })
      : ofClient(client, overrides.driver ?? database.driver);
  const complete = {
    ...settings,
    driver: chosen.driver,
    urlFrom: chosen.from,
    client,
    environment,
    production,
    protectedBy: protectedBy(request.environment, config.environment, env),
  };
  return Object.defineProperty(complete, 'url', { enumerable: true, get: chosen.url }) as Settings;
}

interface DeferredUrl {
  readonly driver: Settings['driver'];
  readonly from: string;
  readonly url: () => string;
}

/**
 * `list` and `create` need no database, so a URL that is missing or wrong is told when it
 * is asked for.
 */
async function chooseOrDefer(question: UrlQuestion): Promise<DeferredUrl> {
  try {
    const { driver, from, url } = await chooseUrl(question);
    return { driver, from, url: () => url };
  } catch (error) {
    const driver = await guessDriver(question);
    const url = () => {
      throw error;
    };
    return { driver, from: 'none', url };
  }
}

async function guessDriver({
  overrides,
  database,
  family,
}: UrlQuestion): Promise<Settings['driver']> {
  const named = overrides.driver ?? database.driver;
  if (named !== undefined) return named;
  if ((overrides.env ?? database.env)?.some((name) => /mongo/i.test(name))) return 'mongodb';
  return (await family()) === 'mongodb' ? 'mongodb' : 'postgres';
}

/**
 * Names under `databases`, or `['default']`.
 *
 * @throws GODWIT_CONFIG_INVALID, GODWIT_CONFIG_UNREADABLE
 */
export async function listDatabases(
  request: Omit<SettingsRequest, 'database'>,
): Promise<readonly string[]> {
  const loaded = await loadRequested(request);
  validateConfig(loaded, request);
  return databaseNames(loaded.config);
}

function databaseNames(config: GodwitConfig): string[] {
  return config.databases === undefined ? ['default'] : Object.keys(config.databases);
}

async function loadRequested(request: SettingsRequest): Promise<LoadedConfig> {
  const { root = process.cwd(), config, overrides, processEnv } = request;
  if (typeof config === 'object') {
    const file = originOf(config);
    const folder = file === undefined ? resolve(root) : resolve(file, '..');
    return { config, file, root: folder, env: await finalEnv(config, folder, processEnv) };
  }
  const alone = overrides.url ?? overrides.client ?? overrides.env;
  const file = config === undefined && alone !== undefined ? false : config;
  return loadConfig(root, { file, env: processEnv });
}

function databaseName(config: GodwitConfig, asked: string | undefined): string {
  const names = databaseNames(config);
  if (asked !== undefined) return asked;
  const [only, ...more] = names;
  if (only !== undefined && more.length === 0) return only;
  throw new GodwitError(
    'GODWIT_DATABASE_UNKNOWN',
    `The project has several databases (${names.join(', ')}): say which one.`,
    {
      state: 'No database was contacted.',
      next: names.map((name) => `godwit status --database ${name}`),
    },
  );
}

function ofClient(client: unknown, asked: Settings['driver'] | undefined): DeferredUrl {
  const driver = asked ?? driverOfClient(client);
  if (driver !== undefined) return { driver, url: () => '', from: 'client' };
  throw new GodwitError(
    'GODWIT_CONFIG_INVALID',
    'client is neither a MongoClient, a mongoose connection, a pg Pool or Client, nor a PGlite. If it is a wrapped one, name its driver.',
    { state: 'No database was contacted.' },
  );
}
