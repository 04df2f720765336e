import type { Document } from 'mongodb';
import { changeHolders, checkPath } from './paths.ts';
import { invalid, type ModelLike, type Place } from './place.ts';
import { type HelperResult, type Pass, updateAll } from './update.ts';

const WHAT = 'updateReferences';

/**
 * Lets whatever refers to one document refer to another: the field itself, elements of an
 * array in it, and fields of objects in arrays.
 */
export async function updateReferences(
  place: Place,
  field: string,
  oldId: unknown,
  newId: unknown,
): Promise<HelperResult> {
  if (oldId === undefined || newId === undefined)
    throw invalid(WHAT, 'needs the old and the new id');
  return updateAll(place, WHAT, [referencePass(place.model, field, [oldId], newId)]);
}

/** One pass over the documents that refer to any of the old ones. */
export function referencePass(
  model: ModelLike,
  field: string,
  oldIds: readonly unknown[],
  newId: unknown,
): Pass {
  checkPath(WHAT, field);
  const old = oldIds.map((id) => asStored(model, field, id));
  const now = { $literal: asStored(model, field, newId) };
  const isOld = (value: unknown): Document => ({ $in: [value, { $literal: old }] });
  const replaced = (value: unknown): Document => ({
    $cond: [
      { $isArray: [value] },
      { $map: { input: value, as: 'one', in: { $cond: [isOld('$$one'), now, '$$one'] } } },
      { $cond: [isOld(value), now, value] },
    ],
  });
  const update = field.includes('.')
    ? changeHolders(field, (holder, last) => {
        const value = `${String(holder)}.${last}`;
        const there = { $ne: [{ $type: value }, 'missing'] };
        return { $cond: [there, { $mergeObjects: [holder, { [last]: replaced(value) }] }, holder] };
      })
    : [{ $set: { [field]: replaced(`$${field}`) } }];
  const [only] = old;
  return { filter: { [field]: old.length === 1 ? only : { $in: old } }, update };
}

interface SchemaPath {
  readonly instance?: string;
  readonly caster?: SchemaPath;
  readonly embeddedSchemaType?: SchemaPath;
  cast?(value: unknown): unknown;
}

/** An id that was given as text, where the schema says that ObjectIds are stored. */
function asStored(model: ModelLike, field: string, id: unknown): unknown {
  if (typeof id !== 'string' || !/^[0-9a-f]{24}$/i.test(id)) return id;
  try {
    const path = model.schema?.path?.(field) as SchemaPath | undefined;
    const type = path?.instance === 'Array' ? (path.embeddedSchemaType ?? path.caster) : path;
    return /^ObjectI[dD]$/.test(type?.instance ?? '') ? (type?.cast?.(id) ?? id) : id;
  } catch {
    return id;
  }
}
