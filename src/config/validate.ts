import { GodwitError } from '../errors.ts';
import type { LoadedConfig } from './load.ts';
import { mirrorProblem } from './mirror.ts';
import { CONFIG_KEYS, DATABASE_KEYS } from './schema.ts';
import { didYouMean } from './suggest.ts';
import type { DatabaseConfig } from './types.ts';
import { checkKeys } from './value-checks.ts';

export interface AskedFor {
  readonly database?: string | undefined;
  readonly overrides: DatabaseConfig;
}

/**
 * Everything that is wrong with a config and with what was asked of it, in one error.
 *
 * @throws GODWIT_CONFIG_INVALID; GODWIT_DATABASE_UNKNOWN when only the name is wrong
 */
export function validateConfig(loaded: LoadedConfig, asked: AskedFor): void {
  const problems = [
    ...checkKeys({ ...loaded.config }, CONFIG_KEYS),
    ...mirrorProblems(loaded),
    ...checkKeys(knownOverrides(asked.overrides), DATABASE_KEYS),
    ...[mirrorProblem(asked.overrides.mirror) ?? []].flat(),
  ];
  const unknown = unknownDatabase(loaded, asked.database);
  if (problems.length === 0 && unknown === undefined) return;
  const code = problems.length === 0 ? 'GODWIT_DATABASE_UNKNOWN' : 'GODWIT_CONFIG_INVALID';
  throw new GodwitError(code, messageOf(loaded, [...problems, ...(unknown ?? [])]), {
    where: loaded.file === undefined ? undefined : { file: loaded.file },
    state: 'No database was contacted.',
  });
}

function messageOf(loaded: LoadedConfig, problems: readonly string[]): string {
  if (problems.length === 1) return `${problems[0]}`;
  const what = loaded.file === undefined ? 'settings' : 'configuration';
  return `${problems.length} things are wrong with the ${what}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
}

function mirrorProblems({ config }: LoadedConfig): string[] {
  const databases =
    typeof config.databases === 'object' ? Object.entries(config.databases ?? {}) : [];
  const named = databases.map(
    ([name, database]) => [`databases.${name}.`, database?.mirror] as const,
  );
  return [['', config.mirror] as const, ...named].flatMap(([path, mirror]) => {
    const problem = mirrorProblem(mirror);
    return problem === undefined ? [] : [`${path}${problem}`];
  });
}

/** Options of the caller that are not about the database are not ours to judge. */
function knownOverrides(overrides: DatabaseConfig): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(overrides).filter(([key]) => Object.hasOwn(DATABASE_KEYS, key)),
  );
}

function unknownDatabase(
  { config }: LoadedConfig,
  asked: string | undefined,
): string[] | undefined {
  if (asked === undefined) return undefined;
  const names =
    typeof config.databases === 'object' && config.databases !== null
      ? Object.keys(config.databases)
      : ['default'];
  if (names.includes(asked)) return undefined;
  const known =
    config.databases === undefined ? 'the config names no databases' : `known: ${names.join(', ')}`;
  return [`There is no database "${asked}"; ${known}.${didYouMean(asked, names)}`];
}
