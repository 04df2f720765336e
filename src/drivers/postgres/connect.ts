import type { ClientSettings } from './client-settings.ts';
import { connectError, refusesPlain, refusesTls } from './connect-errors.ts';
import type { PgModule } from './load-pg.ts';
import { PgConnection } from './pg-connection.ts';

/**
 * Connects, with or without TLS as the settings say. Time-outs of statements are never
 * sent at the start: poolers refuse to connect then.
 *
 * @throws GodwitError GODWIT_CONNECT_FAILED, GODWIT_AUTH_FAILED, GODWIT_DATABASE_MISSING,
 * GODWIT_PERMISSION_DENIED
 */
export async function connect(pg: PgModule, settings: ClientSettings): Promise<PgConnection> {
  const deadline = now() + settings.connectTimeoutMs;
  let failure: unknown;
  for (const ssl of settings.tls) {
    for (;;) {
      const timeoutMs = Math.max(100, Math.round(deadline - now()));
      try {
        return await connectOnce(pg, settings, ssl, timeoutMs);
      } catch (error) {
        failure = error;
      }
      // 57P03: the server is starting.
      if (!isStarting(failure) || now() > deadline - 300) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    if (ssl === false ? !refusesPlain(failure) : !refusesTls(failure)) break;
  }
  throw connectError(failure, settings);
}

/** Milliseconds. Node loads `performance` on first use, which `status` need not wait for. */
function now(): number {
  return process.uptime() * 1000;
}

async function connectOnce(
  pg: PgModule,
  settings: ClientSettings,
  ssl: ClientSettings['tls'][number],
  timeoutMs: number,
): Promise<PgConnection> {
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    ...(settings.password !== undefined && { password: settings.password }),
    application_name: settings.applicationName,
    ...(settings.options !== undefined && { options: settings.options }),
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    ssl,
  });
  // Without a listener an error after the time-out would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    client.connection.stream?.destroy();
    throw error;
  }
  return new PgConnection(client);
}

function isStarting(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === '57P03';
}
