import { checkUrl } from '../../config/url.ts';
import { GodwitError } from '../../errors.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Scratch } from '../../ports/snapshot.ts';
import { openDriver } from '../open-driver.ts';
import type { Project } from '../project.ts';
import type { ScratchPlace } from './types.ts';

/** Opens another database with this project's settings. */
export async function openBeside(project: Project, given: string): Promise<Driver> {
  const settings = await project.settings();
  const { driver, url } = checkUrl(given, 'the command', settings.root);
  const other = { name: settings.name, client: undefined, role: undefined };
  return openDriver(Object.create(settings, describe({ ...other, driver, url })), project.emit);
}

/** The settings' URL is a getter that may throw: it is not copied. */
function describe(values: Record<string, unknown>): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, enumerable: true }]),
  );
}

/**
 * Runs `work` with an empty database that is gone afterwards, whatever happens.
 *
 * @param beside the database beside which it is made
 */
export async function withScratch<T>(
  project: Project,
  beside: Driver,
  place: ScratchPlace | undefined,
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const host = await hostOf(project, beside, place);
  try {
    if (host.scratch === undefined) throw noScratch(host);
    const scratch = await host.scratch();
    try {
      return await work(scratch);
    } finally {
      await scratch.remove();
    }
  } finally {
    if (host !== beside) await host.close();
  }
}

async function hostOf(
  project: Project,
  beside: Driver,
  place: ScratchPlace | undefined,
): Promise<Driver> {
  if (place === undefined || place === 'server') return beside;
  if (place !== 'embedded') return openBeside(project, place);
  if (!beside.capabilities.sql) {
    throw new GodwitError('GODWIT_USAGE', 'There is no embedded scratch database for MongoDB.', {
      state: 'Nothing was done.',
      next: ['leave --scratch away', 'or give a URL: --scratch mongodb://host/any'],
    });
  }
  return openBeside(project, 'pglite:memory');
}

function noScratch({ name }: Driver): GodwitError {
  return new GodwitError('GODWIT_UNSUPPORTED', `There are no scratch databases for ${name}.`, {
    state: 'Nothing was done.',
  });
}
