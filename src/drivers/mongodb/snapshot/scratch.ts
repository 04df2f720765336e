import type { Db } from 'mongodb';
import { scratchName } from '../../../core/scratch-name.ts';
import { GodwitError, thrownMessage } from '../../../errors.ts';
import type { Driver, OpenDriver, OpenOptions } from '../../../ports/driver.ts';
import type { Scratch, Snapshot } from '../../../ports/snapshot.ts';
import { scrub } from '../errors.ts';
import { loadDriver } from '../load-driver.ts';
import { dropLeftBehind } from './left-behind.ts';
import { fromText } from './values.ts';

/** The driver lends its database to what is loaded into it. */
interface WithDb {
  readonly database: Db;
}

/**
 * Makes an empty database beside this one; it comes into being with the first collection.
 * Those that killed processes left behind are dropped.
 *
 * @throws GODWIT_SCRATCH_FAILED
 */
export async function createScratch(options: OpenOptions, open: OpenDriver): Promise<Scratch> {
  const name = scratchName();
  if (options.client !== undefined) throw failed('the connection was given by a program');
  const driver = (await open({ ...options, url: urlOf(options.url, name) })) as Driver & WithDb;
  if (driver.target.database !== name) {
    await driver.close();
    throw failed('the URL does not say where its database stands');
  }
  await dropLeftBehind(driver.database.client);
  let removed: Promise<void> | undefined;
  const remove = async (): Promise<void> => {
    await driver.database.dropDatabase();
    await driver.close();
  };
  return {
    driver,
    where: `database ${name}`,
    load: (schema) => load(driver.database, schema, options),
    remove: () => {
      removed ??= remove();
      return removed;
    },
  };
}

async function load(db: Db, schema: Snapshot | string, options: OpenOptions): Promise<void> {
  if (typeof schema === 'string') {
    throw new GodwitError('GODWIT_SNAPSHOT_INVALID', 'MongoDB has no SQL to load.', {
      state: 'Nothing was done.',
      next: ['compare data: godwit schema dump --file schema.json'],
    });
  }
  const { EJSON } = loadDriver(options.root).module.BSON;
  for (const { kind, name, of = '', definition } of schema.objects) {
    const value = fromText(definition, EJSON);
    try {
      if (kind === 'index') await db.command({ createIndexes: of, indexes: [value] });
      else await db.createCollection(name, value);
    } catch (cause) {
      throw new GodwitError(
        'GODWIT_SNAPSHOT_UNLOADABLE',
        `${kind} ${name} cannot be made in an empty database: ${scrub(thrownMessage(cause), options.url)}`,
        { state: 'The real database was not touched.', cause },
      );
    }
  }
}

/** Whoever logs in logs in where it did before. */
function urlOf(url: string, name: string): string {
  const [, start = '', before = '', query = ''] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(\?.*)?$/i.exec(url) ?? [];
  const login = start.includes('@') && before !== '' && !/[?&]authSource=/i.test(query);
  const more = login ? `${query === '' ? '?' : '&'}authSource=${before}` : '';
  return `${start}/${name}${query}${more}`;
}

function failed(why: string): GodwitError {
  return new GodwitError('GODWIT_SCRATCH_FAILED', `No scratch database could be made: ${why}.`, {
    state: 'Nothing was changed.',
    next: ['give a URL: --scratch mongodb://host/any'],
  });
}
