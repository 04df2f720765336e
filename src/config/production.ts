import type { Environment } from './env-files.ts';

export function isProduction(name: string | undefined): boolean {
  return /^prod(uction)?$/i.test(name ?? '');
}

/**
 * Who says that this is production, for commands that a flag must not talk out of it. Only
 * NODE_ENV, which many a staging server has at `production`, gives way to GODWIT_ENV or the
 * config where they name another environment.
 */
export function protectedBy(
  flag: string | undefined,
  config: string | undefined,
  env: Environment,
): string | undefined {
  if (isProduction(config)) return 'the config';
  if (isProduction(env['GODWIT_ENV'])) return 'GODWIT_ENV';
  if (isProduction(flag)) return '--environment';
  const named = config ?? env['GODWIT_ENV'];
  return named === undefined && isProduction(env['NODE_ENV']) ? 'NODE_ENV' : undefined;
}
