import { startEphemeral } from '../../config/embedded.ts';
import { GodwitError } from '../../errors.ts';
import type { DriverName } from '../../ports/context.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Scratch } from '../../ports/snapshot.ts';
import type { Project } from '../project.ts';
import { openBeside } from '../schema/scratch.ts';

/** Where databases for a trial are made. */
export interface TrialHost {
  /** For people: what it is. */
  readonly where: string;
  /** The statements of a trial can reach whoever else uses the server. */
  readonly shared: boolean;
  make(): Promise<TrialDatabase>;
  close(): Promise<void>;
}

export interface TrialDatabase extends Scratch {
  /** What another process, or another client, reaches it by. May hold a password. */
  readonly url: string;
}

interface Started {
  readonly url: string;
  readonly where: string;
  close(): Promise<void>;
}

/** What there is without a server. */
const EPHEMERAL: Readonly<Record<DriverName, (root: string) => Promise<Started>>> = {
  mongodb: async (root) => ({
    ...(await startEphemeral(root)),
    where: 'a mongod of its own',
  }),
  postgres: inMemory,
  pglite: inMemory,
};

async function inMemory(): Promise<Started> {
  return { url: 'pglite:memory', where: 'PGlite, in memory', close: async () => {} };
}

/**
 * The project's own database is not among what is opened here.
 *
 * @param server URL of a server that lends itself; undefined: one is started
 * @throws GODWIT_SCRATCH_FAILED, GODWIT_DRIVER_MISSING, GODWIT_CONNECT_FAILED
 */
export async function openHost(project: Project, server: string | undefined): Promise<TrialHost> {
  const settings = await project.settings();
  const given = server?.startsWith('embedded:') ? undefined : server;
  const started =
    given === undefined
      ? await EPHEMERAL[settings.driver](settings.root)
      : { url: given, where: undefined, close: async () => {} };
  let host: Driver;
  try {
    host = await openBeside(project, started.url);
  } catch (error) {
    await started.close();
    throw error;
  }
  const { scratch } = host;
  return {
    where: started.where ?? `${host.target.host}, in databases made for it`,
    shared: given !== undefined && scratch !== undefined && host.target.host !== 'memory',
    make: async () => withUrl(await makeEmpty(host), started.url),
    close: () => host.close().finally(() => started.close()),
  };
}

async function makeEmpty(host: Driver): Promise<Scratch> {
  if (host.scratch === undefined || host.rows === undefined) {
    throw new GodwitError('GODWIT_UNSUPPORTED', `There are no trials for ${host.name}.`, {
      state: 'Nothing was done.',
    });
  }
  const made = await host.scratch();
  const rows = await made.driver.rows?.();
  const tables = (await rows?.tables()) ?? [];
  if (tables.length === 0) return made;
  // It is not ours: neither used nor dropped.
  await made.driver.close();
  throw new GodwitError(
    'GODWIT_SCRATCH_REFUSED',
    `${made.where} is not empty: it holds ${tables.slice(0, 3).join(', ')}.`,
    { state: 'Nothing was changed.', next: ['look at what it is: godwit doctor --url URL'] },
  );
}

function withUrl(made: Scratch, hostUrl: string): TrialDatabase {
  const { database } = made.driver.target;
  const [, start, query = ''] = /^([a-z+]+:\/\/[^/?]*)[^?]*(\?.*)?$/i.exec(hostUrl) ?? [];
  const url = start === undefined ? hostUrl : `${start}/${encodeURIComponent(database)}${query}`;
  return Object.assign(made, { url });
}
