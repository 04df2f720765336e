import type { Document } from 'mongodb';
import {
  blocked,
  changeHolders,
  checkPath,
  isMissing,
  type Leaf,
  prefixesOf,
  throughArrays,
  throughObjects,
  without,
} from './paths.ts';
import { invalid, type Place, refused } from './place.ts';
import { type HelperResult, type Pass, updateAll } from './update.ts';

/** Sets the field where it is missing. `null` is a value, and stays. */
export async function addField(place: Place, path: string, value: unknown): Promise<HelperResult> {
  const what = 'addField';
  checkPath(what, path);
  if (value === undefined) throw invalid(what, `needs a value for ${path}; null is one`);
  const literal = { $literal: value };
  const leaf: Leaf = (holder, field) => ({
    $cond: [isMissing(holder, field), { $mergeObjects: [holder, { [field]: literal }] }, holder],
  });
  const simple: Pass = {
    filter: all([{ [path]: { $exists: false } }, ...throughObjects(path)]),
    update: { $set: { [path]: value } },
  };
  return updateAll(place, what, [simple, ...arrays(path, leaf)], blocked(path));
}

/** Removes the field, whatever it holds. */
export async function removeField(place: Place, path: string): Promise<HelperResult> {
  const what = 'removeField';
  checkPath(what, path);
  const simple: Pass = {
    filter: all([{ [path]: { $exists: true } }, ...throughObjects(path)]),
    update: { $unset: { [path]: '' } },
  };
  return updateAll(place, what, [
    simple,
    ...arrays(path, (holder, field) => without(holder, field)),
  ]);
}

export interface RenameOptions {
  /**
   * Where a document has both fields. `error` (default): GODWIT_HELPER_REFUSED before
   * anything is done. `keep`: what the new one holds stays, and so does the old one.
   * `overwrite`: the old one's value goes into the new one.
   */
  readonly onConflict?: 'error' | 'keep' | 'overwrite' | undefined;
}

/** Moves what the old field holds, `null` too, to the new one. */
export async function renameField(
  place: Place,
  from: string,
  to: string,
  { onConflict = 'error' }: RenameOptions,
): Promise<HelperResult> {
  const what = 'renameField';
  const viaArrays = checkPair(what, from, to);
  const both = { [from]: { $exists: true }, [to]: { $exists: true } };
  if (onConflict === 'error') await refuseBoth(place, what, from, to, both);
  const free = onConflict === 'overwrite' ? [] : [{ [to]: { $exists: false } }];
  const simple: Pass = {
    filter: all([
      { [from]: { $exists: true } },
      ...free,
      ...throughObjects(from),
      ...throughObjects(to),
    ]),
    update: { $rename: { [from]: to } },
  };
  const last = lastOf(to);
  const leaf: Leaf = (holder, field) => {
    const moved = {
      $mergeObjects: [without(holder, field), { [last]: `${String(holder)}.${field}` }],
    };
    const may = onConflict === 'overwrite' ? true : isMissing(holder, last);
    return { $cond: [{ $and: [{ $not: [isMissing(holder, field)] }, may] }, moved, holder] };
  };
  const skipped = blocked(to);
  return updateAll(
    place,
    what,
    [simple, ...(viaArrays ? arrays(from, leaf) : [])],
    skipped && { $and: [{ [from]: { $exists: true } }, skipped] },
  );
}

export interface CopyFieldOptions {
  /** Copy over what the target holds. Default false: only where it is missing. */
  readonly overwrite?: boolean | undefined;
}

/** Copies what the source holds, `null` too; where it is missing nothing is copied. */
export async function copyField(
  place: Place,
  from: string,
  to: string,
  { overwrite = false }: CopyFieldOptions,
): Promise<HelperResult> {
  const what = 'copyField';
  const viaArrays = checkPair(what, from, to);
  const free = overwrite ? [] : [{ [to]: { $exists: false } }];
  const simple: Pass = {
    filter: all([
      { [from]: { $exists: true } },
      ...free,
      ...throughObjects(from),
      ...throughObjects(to),
    ]),
    update: [{ $set: { [to]: `$${from}` } }],
  };
  const last = lastOf(to);
  const leaf: Leaf = (holder, field) => {
    const copied = { $mergeObjects: [holder, { [last]: `${String(holder)}.${field}` }] };
    const may = overwrite ? true : isMissing(holder, last);
    return { $cond: [{ $and: [{ $not: [isMissing(holder, field)] }, may] }, copied, holder] };
  };
  const skipped = blocked(to);
  return updateAll(
    place,
    what,
    [simple, ...(viaArrays ? arrays(from, leaf) : [])],
    skipped && { $and: [{ [from]: { $exists: true } }, skipped] },
  );
}

function all(conditions: readonly Document[]): Document {
  const [only = {}, ...more] = conditions;
  return more.length === 0 ? only : { $and: [...conditions] };
}

/** Documents with an array on the way need an expression; most fields have no way. */
function arrays(path: string, leaf: Leaf): Pass[] {
  const filter = throughArrays(path);
  return filter === undefined ? [] : [{ filter, update: changeHolders(path, leaf) }];
}

/** @returns whether both are in the same object, so that it can be done inside arrays too */
function checkPair(what: string, from: string, to: string): boolean {
  checkPath(what, from);
  checkPath(what, to);
  if (from === to) throw invalid(what, `was given ${from} twice`);
  if (from.startsWith(`${to}.`) || to.startsWith(`${from}.`)) {
    throw invalid(what, `cannot take ${from} to ${to}: one is inside the other`);
  }
  return prefixesOf(from).at(-1) === prefixesOf(to).at(-1);
}

async function refuseBoth(
  place: Place,
  what: string,
  from: string,
  to: string,
  both: Document,
): Promise<void> {
  const found = await place.collection
    .find(both, { ...place.session, projection: { _id: 1 } })
    .limit(3)
    .toArray();
  if (found.length === 0) return;
  const ids = found.map(({ _id }) => JSON.stringify(_id)).join(', ');
  throw refused(what, `documents of ${place.name} have both ${from} and ${to}, such as ${ids}`, [
    `say which holds: renameField(…, '${from}', '${to}', { onConflict: 'keep' }) or 'overwrite'`,
  ]);
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
