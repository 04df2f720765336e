import type { MigratorOptions } from '../app/options.ts';
import type { StoreNames, TlsOptions } from '../ports/driver.ts';
import type { GlobalValues } from './global-options.ts';

/** Flags as options of the library. What was not given stays undefined. */
export function migratorOptions(globals: GlobalValues): MigratorOptions {
  const { url, driver, role, dir, format, mirror, environment, lock } = globals;
  return {
    ...{ url, driver, role, dir, format, mirror, environment, lock },
    variables: globals.var,
    store: storeOf(globals),
    tls: tlsOf(globals),
    lockTimeoutMs: globals.lockTimeout,
    lockLeaseMs: globals.lockLease,
    connectTimeoutMs: globals.connectTimeout,
  };
}

function storeOf({
  storeSchema: schema,
  storePrefix: prefix,
}: GlobalValues): Partial<StoreNames> | undefined {
  if (schema === undefined && prefix === undefined) return undefined;
  return { ...(schema !== undefined && { schema }), ...(prefix !== undefined && { prefix }) };
}

function tlsOf({ tls, tlsCa, tlsCert, tlsKey, tlsInsecure }: GlobalValues): TlsOptions | undefined {
  if (!tls && !tlsCa && !tlsCert && !tlsKey && !tlsInsecure) return undefined;
  return {
    enabled: true,
    ...(tlsCa && { caFile: tlsCa }),
    ...(tlsCert && { certFile: tlsCert }),
    ...(tlsKey && { keyFile: tlsKey }),
    ...(tlsInsecure && { rejectUnauthorized: false }),
  };
}
