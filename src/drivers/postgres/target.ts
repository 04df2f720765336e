import type { Target } from '../../ports/driver.ts';
import type { Connection } from './connection.ts';

/** What a given client is connected to: the server knows. */
export async function readTarget(connection: Connection): Promise<Target> {
  const [result] = await connection.simple(
    `select pg_catalog.current_database(), current_user,
      coalesce(pg_catalog.host(pg_catalog.inet_server_addr()), 'local'), pg_catalog.inet_server_port()`,
  );
  const [database, user, host, port] = result?.rows[0] ?? [];
  return {
    driver: 'postgres',
    host: port == null ? (host ?? 'local') : `${host}:${port}`,
    database: database ?? '',
    user: user ?? '',
  };
}
