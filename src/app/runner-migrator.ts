import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { GodwitConfig } from '../config/types.ts';
import { GodwitError } from '../errors.ts';
import { createMigrator } from './create-migrator.ts';
import type { Migrator, MigratorOptions } from './types.ts';

export interface MigrationRunnerOptions extends Omit<MigratorOptions, 'url' | 'client' | 'env'> {
  /** Takes the lines that the runner prints. Default `console.log`. */
  readonly log?: ((line: string) => void) | undefined;
}

/**
 * The migrator behind a `MigrationRunner`: its URL, or a client that is open already, and
 * the project's config for all that the options leave open.
 *
 * @throws GodwitError GODWIT_URL_MISSING, and what reading a config throws
 */
export async function openRunnerMigrator(
  mongoUri: string | undefined,
  { log: _log, ...options }: MigrationRunnerOptions,
  client: unknown,
): Promise<Migrator> {
  if (mongoUri === undefined || mongoUri.trim() === '') throw missingUrl();
  const dir = resolveFolders(options.root ?? '.', options.dir);
  const root = resolve(options.root ?? dir?.[0] ?? '.');
  const config = await findConfigOf(root, options);
  return createMigrator({
    ...options,
    ...(dir && { dir }),
    root,
    config,
    mirror: options.mirror ?? mirrorOf(config, options.database) ?? 'migrationHistory',
    ...(client ? { client } : { url: mongoUri }),
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
  const name = database ?? Object.keys(config.databases ?? {})[0] ?? '';
  return config.databases?.[name]?.mirror ?? config.mirror;
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
