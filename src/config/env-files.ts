import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { GodwitError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `.env` files. What is set in `env` already is never overridden; of several files
 * the first that has a name wins.
 *
 * @param required when true, a file that does not exist is an error
 * @returns a new environment; `env` is left as it is
 * @throws GODWIT_CONFIG_UNREADABLE
 */
export async function withEnvFiles(
  root: string,
  files: readonly string[],
  env: Environment,
  required = false,
): Promise<Environment> {
  let merged: Record<string, string | undefined> = { ...env };
  for (const file of files) {
    const path = resolve(root, file);
    const text = readEnvFile(path, required);
    if (text !== undefined) merged = { ...definedOf(parseEnv(text)), ...definedOf(merged) };
  }
  return merged;
}

/** An empty value counts as set: `NAME= godwit up` switches a variable off. */
function definedOf(values: NodeJS.Dict<string>): Record<string, string> {
  const defined: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) defined[name] = value;
  }
  return defined;
}

/** At once, as all that is read before a command: promises of files take longer to load. */
function readEnvFile(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder named .env (a Python environment) is no file of variables.
    if (!required && (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR'))
      return undefined;
    throw new GodwitError(
      'GODWIT_CONFIG_UNREADABLE',
      `The file of environment variables cannot be read (${code ?? 'unknown error'}).`,
      {
        where: { file: path },
        state: 'No database was contacted.',
        next: [`ls -l ${path}`],
        cause: error,
      },
    );
  }
}
