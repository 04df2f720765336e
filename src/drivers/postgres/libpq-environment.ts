import { resolve } from 'node:path';
import type { OpenOptions } from '../../ports/driver.ts';
import type { ClientSettings } from './client-settings.ts';
import { type SslMode, sslModeOf } from './tls.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The same connection for a program of PostgreSQL's own, such as pg_dump: as variables,
 * because an argument with a password can be read by everybody on the machine.
 */
export function libpqEnvironment(
  settings: ClientSettings,
  options: OpenOptions,
  env: Environment = process.env,
): Record<string, string> {
  const query = new URL(options.url).searchParams;
  const { tls = {}, root } = options;
  const mode = (query.get('sslmode') || env['PGSSLMODE'] || undefined) as SslMode | undefined;
  const ca = tls.caFile ?? (query.get('sslrootcert') || env['PGSSLROOTCERT'] || undefined);
  const sslmode = sslModeOf({ host: settings.host, mode, ca, options: options.tls });
  const trusting = tls.rejectUnauthorized === false;
  const path = (file: string | undefined): string | undefined =>
    file === undefined || file === 'system' ? file : resolve(root, file);
  const variables: Record<string, string | undefined> = {
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGDATABASE: settings.database,
    PGUSER: settings.user,
    PGPASSWORD: settings.password,
    PGOPTIONS: settings.options,
    PGAPPNAME: settings.applicationName,
    // A root certificate makes `require` check the chain.
    PGSSLMODE: trusting && sslmode.startsWith('verify') ? 'require' : sslmode,
    PGSSLROOTCERT: trusting ? undefined : path(ca),
    PGSSLCERT: path(tls.certFile ?? (query.get('sslcert') || env['PGSSLCERT'] || undefined)),
    PGSSLKEY: path(tls.keyFile ?? (query.get('sslkey') || env['PGSSLKEY'] || undefined)),
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
