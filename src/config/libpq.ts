import type { Environment } from './env-files.ts';

/**
 * A URL made of libpq's variables, so that they count also when they stand in a `.env`
 * file. Undefined when none of them says where to connect.
 */
export function postgresFromEnvironment(env: Environment): string | undefined {
  const { PGHOST: host, PGDATABASE: database, PGUSER: user } = env;
  if (!host && !database && !user) return undefined;
  // A host that is a path is the folder of a socket, which has no place in the authority.
  const socket = host?.startsWith('/') ? host : undefined;
  const query = new URLSearchParams();
  if (socket) query.set('host', socket);
  if (socket && env.PGPORT) query.set('port', env.PGPORT);
  if (env.PGSSLMODE) query.set('sslmode', env.PGSSLMODE);
  const text = query.toString();
  return `postgres://${userPart(env)}${socket ? '' : hostPart(env)}/${encodeURIComponent(database ?? user ?? '')}${text && `?${text}`}`;
}

function userPart(env: Environment): string {
  if (!env.PGUSER) return '';
  const password = env.PGPASSWORD ? `:${encodeURIComponent(env.PGPASSWORD)}` : '';
  return `${encodeURIComponent(env.PGUSER)}${password}@`;
}

function hostPart(env: Environment): string {
  const host = env.PGHOST || 'localhost';
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return env.PGPORT ? `${name}:${env.PGPORT}` : name;
}
