import type { CreateIndexesOptions, Document, IndexSpecification } from 'mongodb';
import { serverCode } from '../../drivers/mongodb/errors.ts';
import { thrownMessage } from '../../errors.ts';
import { duplicatesError, findDuplicates, type UniqueIndexOptions } from './duplicates.ts';
import { type HelperOptions, invalid, type Place, refused } from './place.ts';
import { clearly } from './server-refusals.ts';

/** A field's name, or fields with 1, -1, `text`, `2dsphere` and so on. */
export type IndexKeys = string | Readonly<Record<string, unknown>>;

export type IndexOptions = Readonly<Record<string, unknown>> &
  HelperOptions & {
    readonly unique?: boolean | undefined;
    readonly name?: string | undefined;
  };

export interface IndexResult {
  readonly name: string;
  /** False when it was there already. */
  readonly created: boolean;
  readonly dryRun?: true | undefined;
}

const CONFLICTS = new Set([85, 86]);
const MISSING = new Set([26, 27]);

/** Builds an index, unless it is there; a unique one only where no document stands in its way. */
export async function createIndex(
  place: Place,
  what: string,
  keys: IndexKeys,
  given: Readonly<Record<string, unknown>>,
): Promise<IndexResult> {
  const spec = specOf(what, keys);
  const { unique, name } = given as { unique?: boolean; name?: string };
  const wanted = name ?? nameOf(spec);
  const before = await indexesOf(place);
  if (unique && !before.some((index) => index['name'] === wanted && index['unique'] === true)) {
    await refuseDuplicates(place, what, Object.keys(spec), given as UniqueIndexOptions);
  }
  place.check();
  const there = before.some((index) => index['name'] === wanted);
  if (place.options.dryRun) return { name: wanted, created: !there, dryRun: true };
  try {
    const made = await clearly(what, place.name, () =>
      place.collection.createIndex(spec as IndexSpecification, {
        ...(given as CreateIndexesOptions),
        ...place.session,
      }),
    );
    place.progress(1);
    return { name: made, created: !before.some((index) => index['name'] === made) };
  } catch (error) {
    if (!CONFLICTS.has(serverCode(error) ?? 0)) throw error;
    throw refused(
      what,
      `${place.name} has an index like that, with other options (${thrownMessage(error)})`,
      [
        `drop it first: await MigrationHelper.dropIndex(${place.model.modelName ?? place.name}, '${wanted}')`,
      ],
      error,
    );
  }
}

async function refuseDuplicates(
  place: Place,
  what: string,
  fields: readonly string[],
  options: UniqueIndexOptions,
): Promise<void> {
  const found = await clearly(what, place.name, () => findDuplicates(place, fields, options));
  if (found.length > 0) throw duplicatesError(place, fields, found);
}

export interface DropIndexResult {
  readonly name: string;
  /** False when there was none. */
  readonly dropped: boolean;
  readonly dryRun?: true | undefined;
}

/** Drops an index by its name or keys; one that is not there is no error. */
export async function dropIndex(place: Place, index: IndexKeys): Promise<DropIndexResult> {
  const what = 'dropIndex';
  const name = typeof index === 'string' ? index : nameOf(specOf(what, index));
  if (name === '_id_') throw refused(what, 'the index of _id cannot be dropped');
  if (name === '*') throw refused(what, '"*" means every index', ['name the one that is meant']);
  place.check();
  if (place.options.dryRun) {
    const there = (await indexesOf(place)).some((one) => one['name'] === name);
    return { name, dropped: there, dryRun: true };
  }
  try {
    await clearly(what, place.name, () => place.collection.dropIndex(name, place.session));
    place.progress(1);
    return { name, dropped: true };
  } catch (error) {
    if (MISSING.has(serverCode(error) ?? 0)) return { name, dropped: false };
    throw error;
  }
}

/** Inside a transaction the server lists no indexes: then building it is what tells. */
async function indexesOf(place: Place): Promise<Document[]> {
  if (place.inTransaction) return [];
  try {
    return await place.collection.listIndexes().toArray();
  } catch (error) {
    if (MISSING.has(serverCode(error) ?? 0) || serverCode(error) === 166) return [];
    throw error;
  }
}

function specOf(what: string, keys: IndexKeys): Readonly<Record<string, unknown>> {
  if (typeof keys === 'string' && keys !== '') return { [keys]: 1 };
  if (typeof keys === 'object' && keys !== null && Object.keys(keys).length > 0) return keys;
  throw invalid(what, 'needs the keys of the index, such as { email: 1 }');
}

/** As the server names it. */
function nameOf(spec: Readonly<Record<string, unknown>>): string {
  return Object.entries(spec)
    .map(([field, way]) => `${field}_${String(way)}`)
    .join('_');
}
