import type { Settings } from '../config/settings.ts';
import { EMBEDDED_MONGODB } from '../config/url.ts';
import type { Emit } from '../events.ts';
import type { DriverName } from '../ports/context.ts';
import type { Driver, OpenDriver } from '../ports/driver.ts';
import { mongooseOpener } from './classes/mongoose-opener.ts';

/** Loads only the driver that is used. */
const DRIVERS: Readonly<Record<DriverName, () => Promise<OpenDriver>>> = {
  mongodb: async () => (await import('../drivers/mongodb/driver.ts')).open,
  postgres: async () => (await import('../drivers/postgres/driver.ts')).open,
  pglite: async () => (await import('../drivers/pglite/driver.ts')).open,
};

export async function openDriver(settings: Settings, emit: Emit): Promise<Driver> {
  const { url } = settings;
  if (url === EMBEDDED_MONGODB) return openEmbedded(settings, emit);
  return openUrl(settings, url, emit);
}

async function openUrl(settings: Settings, url: string, emit: Emit): Promise<Driver> {
  const open = await DRIVERS[settings.driver]();
  const { root, store, role, tls, connectTimeoutMs, lock, client } = settings;
  const mongoose = mongooseOpener(settings);
  return open({ url, root, store, role, tls, connectTimeoutMs, lock, client, mongoose, emit });
}

/** The server that is started for the project ends with its driver. */
async function openEmbedded(settings: Settings, emit: Emit): Promise<Driver> {
  const { startEmbedded } = await import('../config/embedded.ts');
  const server = await startEmbedded(settings);
  try {
    const driver = await openUrl(settings, server?.url ?? settings.url, emit);
    const disconnect = driver.close.bind(driver);
    const close = () => disconnect().finally(() => server?.close());
    return Object.assign(driver, { close });
  } catch (error) {
    await server?.close();
    throw error;
  }
}
