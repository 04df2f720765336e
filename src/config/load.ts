import { statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { GodwitError, toGodwitError } from '../errors.ts';
import { type Environment, withEnvFiles } from './env-files.ts';
import { findConfig } from './find.ts';
import type { ConfigInput, GodwitConfig } from './types.ts';

export interface LoadedConfig {
  /** Empty when there is no config. Not validated yet. */
  readonly config: GodwitConfig;
  readonly file: string | undefined;
  /** Absolute folder that the config's paths are relative to. */
  readonly root: string;
  /** The environment, with `.env` files filled in. */
  readonly env: Environment;
}

/** Which file a config came from, so that a loaded one can be handed on as an object. */
const origins = new WeakMap<object, string>();

export function originOf(config: GodwitConfig): string | undefined {
  return origins.get(config);
}

/**
 * Gives a configuration its types. Takes an object, a promise, or a function of the
 * environment that returns either.
 *
 * @example
 * ```ts
 * export default defineConfig({ env: ['MONGODB_URI'], dir: 'migrations' });
 * ```
 */
export function defineConfig(input: ConfigInput): ConfigInput {
  return input;
}

/**
 * Finds and reads the project's config, without validating it.
 *
 * @param root folder to look from, upwards
 * @param options `file` reads exactly that one (relative to `root`); `false` reads none
 * @returns an empty config when there is none
 * @throws GODWIT_CONFIG_INVALID, GODWIT_CONFIG_UNREADABLE
 *
 * @example
 * ```ts
 * const { config, file } = await loadConfig(process.cwd());
 * ```
 */
export async function loadConfig(
  root: string = process.cwd(),
  options: {
    readonly file?: string | false | undefined;
    readonly env?: Environment | undefined;
  } = {},
): Promise<LoadedConfig> {
  const env = options.env ?? process.env;
  const file = await locate(root, options.file);
  const folder = file === undefined ? resolve(root) : dirname(file);
  const early = await withEnvFiles(folder, ['.env'], env);
  if (file === undefined) return { config: {}, file, root: folder, env: early };
  const { importConfig } = await import('./import-config.ts');
  const config = await settle(await importConfig(file), file, early);
  origins.set(config, file);
  return { config, file, root: folder, env: await finalEnv(config, folder, env) };
}

/** The environment as the config's own `envFiles` make it. */
export async function finalEnv(
  config: GodwitConfig,
  folder: string,
  env: Environment,
): Promise<Environment> {
  const files = config.envFiles;
  if (files === false) return env;
  const valid = Array.isArray(files) && files.every((name) => typeof name === 'string');
  return withEnvFiles(folder, valid ? files : ['.env'], env);
}

async function locate(root: string, file: string | false | undefined): Promise<string | undefined> {
  if (file === false) return undefined;
  if (file === undefined) return findConfig(root);
  const path = resolve(root, file);
  const found = statOf(path);
  if (found?.isDirectory()) return (await findConfig(path)) ?? missing(path);
  return found === undefined ? missing(path) : path;
}

function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function missing(path: string): never {
  throw new GodwitError('GODWIT_CONFIG_UNREADABLE', 'There is no such configuration file.', {
    where: { file: path },
    state: 'No database was contacted.',
    next: ['godwit init'],
  });
}

/** Calls functions, waits for promises, and insists on an object. */
export async function settle(
  input: unknown,
  file: string | undefined,
  env: Environment,
): Promise<GodwitConfig> {
  let value = input;
  try {
    if (typeof value === 'function') value = value({ env });
    value = await value;
  } catch (thrown) {
    const cause = toGodwitError(thrown);
    throw new GodwitError(
      'GODWIT_CONFIG_UNREADABLE',
      `The configuration's function failed: ${cause.message}`,
      {
        where: { file },
        state: 'No database was contacted.',
        cause: thrown,
      },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new GodwitError(
    'GODWIT_CONFIG_INVALID',
    `The configuration must be an object, not ${nameOf(value)}.`,
    {
      where: { file },
      state: 'No database was contacted.',
      next: file && extname(file) !== '.json' ? ['export default defineConfig({ … })'] : undefined,
    },
  );
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing (is there an `export default`?)';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
