import { GodwitError } from '../../errors.ts';
import type { OpenOptions } from '../../ports/driver.ts';
import { readTls, type SslMode, type Tls } from './tls.ts';

/** What pg's Client is constructed with, and how it is to be secured. */
export interface ClientSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly applicationName: string;
  /** Server settings of the URL's `options`. */
  readonly options: string | undefined;
  readonly connectTimeoutMs: number;
  readonly tls: Tls;
  /** The URL says that a transaction-mode pooler is in front (`pgbouncer=true`). */
  readonly pooled: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads a connection URL the way libpq does: what the URL leaves out comes from the `PG*`
 * variables, then from libpq's defaults.
 *
 * @throws GodwitError GODWIT_URL_INVALID, GODWIT_FILE_UNREADABLE for a certificate
 */
export function readClientSettings(
  options: OpenOptions,
  env: Environment = process.env,
): ClientSettings {
  const url = parseUrl(options.url);
  const query = url.searchParams;
  const pick = (name: string, variable: string): string | undefined =>
    query.get(name) || env[variable] || undefined;
  const host = decodeURIComponent(url.hostname) || pick('host', 'PGHOST') || 'localhost';
  const user =
    decodeURIComponent(url.username) ||
    pick('user', 'PGUSER') ||
    env['USER'] ||
    env['USERNAME'] ||
    'postgres';
  const database =
    decodeURIComponent(url.pathname.replace(/^\//, '')) || pick('dbname', 'PGDATABASE') || user;
  const seconds = Number(pick('connect_timeout', 'PGCONNECT_TIMEOUT') ?? 0);
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(url.port || pick('port', 'PGPORT') || 5432),
    database,
    user,
    password: decodeURIComponent(url.password) || pick('password', 'PGPASSWORD'),
    applicationName: pick('application_name', 'PGAPPNAME') ?? 'godwit',
    options: pick('options', 'PGOPTIONS'),
    connectTimeoutMs:
      seconds > 0 ? Math.min(seconds * 1000, options.connectTimeoutMs) : options.connectTimeoutMs,
    tls: readTls({
      host,
      mode: pick('sslmode', 'PGSSLMODE') as SslMode | undefined,
      ca: pick('sslrootcert', 'PGSSLROOTCERT'),
      cert: pick('sslcert', 'PGSSLCERT'),
      key: pick('sslkey', 'PGSSLKEY'),
      options: options.tls,
      root: options.root,
    }),
    pooled: query.get('pgbouncer') === 'true',
  };
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text);
    if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') throw new Error('scheme');
    // Thrown here rather than in the middle of the use.
    for (const part of [url.hostname, url.username, url.password, url.pathname])
      decodeURIComponent(part);
    return url;
  } catch {
    // The URL may hold a password: it is not repeated.
    throw new GodwitError('GODWIT_URL_INVALID', 'The PostgreSQL URL cannot be read.', {
      next: [
        'write it as postgres://user:password@host:5432/database',
        'percent-encode special characters in the password, such as %40 for @',
      ],
    });
  }
}
