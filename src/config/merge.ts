import type { DatabaseConfig, GodwitConfig } from './types.ts';

/** Keys that say where a database is: one of them replaces all those further out. */
const CONNECTION = ['url', 'env', 'defaultUrl', 'client', 'driver'] as const;
/** Keys that belong to the project, not to a database. */
const PROJECT = ['databases', 'environment', 'envFiles', 'versions', 'language'] as const;

/** The top of the config as defaults, with what the named database says on top. */
export function mergeDatabase(config: GodwitConfig, name: string): DatabaseConfig {
  const defaults: Record<string, unknown> = { ...config };
  for (const key of PROJECT) delete defaults[key];
  const own = config.databases?.[name];
  return own === undefined ? defaults : overlay(defaults, own);
}

/** The inner objects are merged one level deep; what is undefined is absent. */
export function overlay(outer: DatabaseConfig, inner: DatabaseConfig): DatabaseConfig {
  const merged: Record<string, unknown> = { ...outer };
  const connects = CONNECTION.some((key) => key !== 'driver' && inner[key] !== undefined);
  if (connects) for (const key of CONNECTION) delete merged[key];
  for (const [key, value] of Object.entries(inner)) {
    if (value === undefined) continue;
    merged[key] =
      isPlain(value) && isPlain(merged[key]) && key !== 'mirror' && key !== 'client'
        ? { ...merged[key], ...value }
        : value;
  }
  return merged;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
