import { resolve } from 'node:path';
import { GodwitError } from '../errors.ts';
import type { DriverName } from '../ports/context.ts';
import { didYouMean } from './suggest.ts';

const SCHEMES: Readonly<Record<string, DriverName>> = {
  mongodb: 'mongodb',
  'mongodb+srv': 'mongodb',
  postgres: 'postgres',
  postgresql: 'postgres',
  pglite: 'pglite',
};

/** Where the embedded databases keep their data, relative to the project. */
export const EMBEDDED_FOLDER = '.godwit';
export const EMBEDDED_MONGODB = 'embedded:mongodb';

export interface CheckedUrl {
  readonly driver: DriverName;
  /** As given, or with what is relative made absolute. */
  readonly url: string;
}

/** The scheme in lower case without its colon; undefined when there is none. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
}

/** The driver that a URL's scheme names, without looking further. */
export function driverOfScheme(url: string): DriverName | undefined {
  const scheme = schemeOf(url);
  if (scheme === 'embedded') return url === EMBEDDED_MONGODB ? 'mongodb' : 'pglite';
  return scheme === undefined ? undefined : SCHEMES[scheme];
}

/**
 * Checks a connection URL and finds its driver. The password is never in the message.
 *
 * @param from what the URL was taken from, for the message
 * @param root absolute folder that a PGlite path is relative to
 * @throws GODWIT_URL_INVALID
 */
export function checkUrl(given: string, from: string, root: string): CheckedUrl {
  const url = given.trim();
  const scheme = schemeOf(url);
  if (scheme === undefined) throw noScheme(url, from);
  if (scheme === 'embedded') return embedded(url, from, root);
  const driver = SCHEMES[scheme];
  if (driver === undefined) throw unknownScheme(scheme, from);
  if (driver === 'pglite') return { driver, url: pgliteUrl(url, root) };
  const problem = authorityProblem(url, scheme);
  if (problem !== undefined) throw invalid(from, `${problem} (${redactUrl(url)})`);
  return { driver, url };
}

function embedded(url: string, from: string, root: string): CheckedUrl {
  const kind = url.slice('embedded:'.length).replace(/^\/\//, '').toLowerCase();
  if (kind === 'mongodb' || kind === 'mongo') return { driver: 'mongodb', url: EMBEDDED_MONGODB };
  if (kind === 'postgres' || kind === 'postgresql' || kind === 'pglite') {
    return { driver: 'pglite', url: embeddedPostgres(root) };
  }
  throw invalid(
    from,
    'there is "embedded:postgres" and "embedded:mongodb", no other embedded database',
  );
}

export function embeddedPostgres(root: string): string {
  return `pglite:${resolve(root, EMBEDDED_FOLDER, 'pglite')}`;
}

/** `pglite:memory` stays; a folder becomes absolute. */
function pgliteUrl(url: string, root: string): string {
  const rest = url.slice('pglite:'.length);
  const path = rest.replace(/^\/\/(?=.)/, '');
  if (path === '' || path === '//' || /^memory(:|:\/\/)?$/.test(path)) return 'pglite:memory';
  return `pglite:${resolve(root, path)}`;
}

function authorityProblem(url: string, scheme: string): string | undefined {
  const rest = url.slice(scheme.length + 1);
  if (!rest.startsWith('//')) return 'two slashes must follow the scheme';
  const { user, hosts } = splitAuthority(rest.slice(2));
  if (user === undefined && /^\/\/[^?]*:[^?]*@/.test(rest)) {
    return 'the user name or password seems to hold a character that must be percent-encoded, such as / as %2F';
  }
  if (user?.includes('@')) return 'an @ in the user name or password must be written %40';
  if (user !== undefined && /%(?![0-9a-f]{2})/i.test(user)) {
    return 'a % in the user name or password must be written %25';
  }
  if (scheme.startsWith('mongodb')) return mongoHostProblem(hosts, scheme);
  return hosts === '' ? undefined : portProblem(hosts);
}

function splitAuthority(rest: string): { user: string | undefined; hosts: string } {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const at = authority.lastIndexOf('@');
  return {
    user: at < 0 ? undefined : authority.slice(0, at),
    hosts: authority.slice(at + 1),
  };
}

function mongoHostProblem(hosts: string, scheme: string): string | undefined {
  if (hosts === '') return 'there is no host';
  if (scheme === 'mongodb+srv') {
    return /[,:]/.test(hosts) ? 'mongodb+srv takes one host name and no port' : undefined;
  }
  return portProblem(hosts);
}

function portProblem(hosts: string): string | undefined {
  for (const host of hosts.split(',')) {
    const port = /^(?:\[[^\]]*\]|[^:]*):(.*)$/.exec(host)?.[1];
    if (port === undefined) continue;
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
      return 'the port is not a number up to 65535';
  }
  return undefined;
}

/**
 * A URL that is safe to show: every password in it is replaced by `***`, also when the
 * URL is malformed.
 *
 * @example
 * redactUrl('postgres://app:secret@db/shop'); // 'postgres://app:***@db/shop'
 */
export function redactUrl(url: string): string {
  return redactUser(url).replace(
    /([?&](?:password|sslpassword|pwd|tlsCertificateKeyFilePassword|authMechanismProperties)=)[^&]*/gi,
    '$1***',
  );
}

function redactUser(url: string): string {
  const start = url.indexOf('://');
  if (start < 0) return url;
  const rest = url.slice(start + 3);
  const { user } = splitAuthority(rest);
  // Without a user in the authority, an @ before the query means a password with a slash.
  const query = rest.indexOf('?');
  const at =
    user !== undefined ? user.length : rest.lastIndexOf('@', query < 0 ? undefined : query);
  if (at < 0) return url;
  const colon = rest.indexOf(':');
  if (colon < 0 || colon > at) return url;
  return `${url.slice(0, start + 3)}${rest.slice(0, colon)}:***${rest.slice(at)}`;
}

function noScheme(url: string, from: string): GodwitError {
  const message =
    url === '' ? 'it is empty' : 'it does not begin with a scheme such as postgres://';
  return invalid(from, message);
}

function unknownScheme(scheme: string, from: string): GodwitError {
  const known = [...Object.keys(SCHEMES), 'embedded'];
  return invalid(
    from,
    `godwit has no driver for the scheme "${scheme}:".${didYouMean(scheme, known)} Known are ${known.map((name) => `${name}:`).join(', ')}`,
  );
}

function invalid(from: string, problem: string): GodwitError {
  return new GodwitError(
    'GODWIT_URL_INVALID',
    `The database URL from ${from} is not usable: ${problem}`,
    {
      state: 'No database was contacted.',
      next: [
        'godwit status --url mongodb://127.0.0.1:27017/NAME',
        'godwit status --url postgres://USER@127.0.0.1:5432/NAME',
      ],
    },
  );
}
