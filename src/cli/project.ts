import { withEnvFiles } from '../config/env-files.ts';
import { listDatabases, loadConfig } from '../config/index.ts';
import type { GodwitConfig } from '../config/types.ts';
import type { GlobalValues } from './global-options.ts';
import type { Io } from './io.ts';

export interface Found {
  /** `false` when there is none. */
  readonly config: GodwitConfig | false;
  readonly databases: readonly string[];
  readonly env: Io['env'];
}

/** Reads the config once, and gives the migrations the variables of the `.env` files. */
export async function findProject(io: Io, globals: GlobalValues, cwd: string): Promise<Found> {
  const { config: flag, envFile = [] } = globals;
  const given = await withEnvFiles(cwd, envFile, io.env, true);
  const file = flag === false || typeof flag === 'string' ? flag : undefined;
  const loaded = await loadConfig(cwd, { file, env: given });
  for (const [name, value] of Object.entries(loaded.env)) {
    if (io.env[name] === undefined && value !== undefined) io.env[name] = value;
  }
  if (loaded.file === undefined) return { config: false, databases: ['default'], env: io.env };
  const databases = await listDatabases({
    root: cwd,
    config: loaded.config,
    overrides: {},
    processEnv: io.env,
  });
  return { config: loaded.config, databases, env: io.env };
}
