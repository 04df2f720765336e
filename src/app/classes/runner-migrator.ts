import { resolve } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import type { DatabaseConfig, GodwitConfig } from '../../config/types.ts';
import { GodwitError } from '../../errors.ts';
import { createMigrator } from '../create-migrator.ts';
import type { MigratorOptions } from '../options.ts';
import type { Migrator } from '../types.ts';

export interface MigrationRunnerOptions extends Omit<MigratorOptions, 'url' | 'client' | 'env'> {
  /** Takes the lines that the runner prints. Default `console.log`. */
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * The migrator behind a `MigrationRunner`: its URL, or a client that is open already, and
 * the project's config for all that is left open, the URL too.
 *
 * @throws GodwitError GODWIT_URL_MISSING, and what reading a config throws
 */
export async function openRunnerMigrator(
  mongoUri: string | undefined,
  { log: _log, ...options }: MigrationRunnerOptions,
  client: unknown,
): Promise<Migrator> {
  const url = mongoUri?.trim() === '' ? undefined : mongoUri;
  const dir = resolveFolders(options.root ?? '.', options.dir);
  const root = resolve(options.root ?? dir?.[0] ?? '.');
  const config = await findConfigOf(root, options);
  if (url === undefined && !client && !saysWhere(config, options.database)) throw missingUrl();
  return createMigrator({
    ...options,
    ...(dir && { dir }),
    root,
    config,
    mirror: options.mirror ?? mirrorOf(config, options.database) ?? 'migrationHistory',
    ...(client ? { client } : url !== undefined && { url }),
  });
}

/** A URL alone would keep `createMigrator` from looking: the CLI would see another project. */
async function findConfigOf(
  root: string,
  { config, processEnv }: MigrationRunnerOptions,
): Promise<GodwitConfig | false> {
  if (typeof config === 'object') return config;
  const found = await loadConfig(root, { file: config, env: processEnv });
  return found.file === undefined ? false : found.config;
}

function mirrorOf(
  config: GodwitConfig | false,
  database: string | undefined,
): MigratorOptions['mirror'] {
  if (config === false) return undefined;
  return databaseOf(config, database)?.mirror ?? config.mirror;
}

/** Whether a config says how to connect: the runner never falls back to an embedded database. */
function saysWhere(config: GodwitConfig | false, database: string | undefined): boolean {
  if (config === false) return false;
  const said = [config, databaseOf(config, database) ?? {}];
  return said.some(({ url, env, defaultUrl, client }) => url ?? env ?? defaultUrl ?? client);
}

function databaseOf(config: GodwitConfig, name: string | undefined): DatabaseConfig | undefined {
  return config.databases?.[name ?? Object.keys(config.databases)[0] ?? ''];
}

function resolveFolders(root: string, dir: MigrationRunnerOptions['dir']): string[] | undefined {
  if (dir === undefined) return undefined;
  return [dir].flat().map((folder) => resolve(root, folder));
}

function missingUrl(): GodwitError {
  return new GodwitError('GODWIT_URL_MISSING', 'MigrationRunner was given no MongoDB URL.', {
    state: 'No database was contacted.',
    next: ['export MONGODB_URI=mongodb://127.0.0.1:27017/NAME'],
  });
}
