import type { Settings } from '../config/types.ts';
import type { Emit } from '../events.ts';
import type { DriverName } from '../ports/context.ts';
import type { Driver, OpenDriver } from '../ports/driver.ts';

/** Loads only the driver that is used. */
const DRIVERS: Readonly<Record<DriverName, () => Promise<OpenDriver>>> = {
  mongodb: async () => (await import('../drivers/mongodb/driver.ts')).open,
  postgres: async () => (await import('../drivers/postgres/driver.ts')).open,
  pglite: async () => (await import('../drivers/pglite/driver.ts')).open,
};

export async function openDriver(settings: Settings, emit: Emit): Promise<Driver> {
  const open = await DRIVERS[settings.driver]();
  const { url, root, store, role, tls, connectTimeoutMs, lock, client } = settings;
  return open({ url, root, store, role, tls, connectTimeoutMs, lock, client, emit });
}
