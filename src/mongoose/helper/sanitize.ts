import type { Document } from 'mongodb';
import { changeHolders, checkPath } from './paths.ts';
import { invalid, type Place } from './place.ts';
import { type HelperResult, updateAll } from './update.ts';

export interface SanitizeOptions {
  /** Inner white space becomes one space. Default false. */
  readonly collapse?: boolean | undefined;
  /** Lower case, in all fields or in these. Default false. */
  readonly lowercase?: boolean | readonly string[] | undefined;
}

const WHAT = 'sanitizeStringFields';

/**
 * Takes white space from both ends of texts, and of texts in arrays. What is no text stays
 * as it is. The server does it in one pass.
 */
export async function sanitizeStringFields(
  place: Place,
  fields: readonly string[],
  options: SanitizeOptions,
): Promise<HelperResult> {
  if (!Array.isArray(fields) || fields.length === 0) throw invalid(WHAT, 'needs a list of fields');
  for (const field of fields) checkPath(WHAT, field);
  const update = fields.flatMap((field) => {
    const lower =
      options.lowercase === true ||
      (Array.isArray(options.lowercase) && options.lowercase.includes(field));
    const clean = (value: unknown): unknown => cleaned(value, options.collapse === true, lower);
    if (!field.includes('.')) return [{ $set: { [field]: cleanAny(`$${field}`, clean) } }];
    return changeHolders(field, (holder, last) => {
      const value = `${String(holder)}.${last}`;
      const there = { $ne: [{ $type: value }, 'missing'] };
      return {
        $cond: [there, { $mergeObjects: [holder, { [last]: cleanAny(value, clean) }] }, holder],
      };
    });
  });
  // The server writes nothing where nothing changes.
  const filter = { $or: fields.map((field) => ({ [field]: { $type: 'string' } })) };
  return updateAll(place, WHAT, [{ filter, update }]);
}

function cleanAny(value: unknown, clean: (text: unknown) => unknown): Document {
  const isText = (one: unknown): Document => ({ $eq: [{ $type: one }, 'string'] });
  const each = { $cond: [isText('$$one'), clean('$$one'), '$$one'] };
  const texts = { $map: { input: value, as: 'one', in: each } };
  const other = { $cond: [{ $isArray: [value] }, texts, value] };
  return { $cond: [isText(value), clean(value), other] };
}

function cleaned(text: unknown, collapse: boolean, lower: boolean): unknown {
  const trimmed = { $trim: { input: collapse ? collapsed(text) : text } };
  return lower ? { $toLower: trimmed } : trimmed;
}

/** Words between white space, joined by one space. */
function collapsed(text: unknown): Document {
  const spaces = ['\t', '\n', '\r', '\v', '\f', '\u00a0'].reduce<unknown>(
    (input, find) => ({ $replaceAll: { input, find, replacement: ' ' } }),
    text,
  );
  const words = {
    $filter: { input: { $split: [spaces, ' '] }, as: 'word', cond: { $ne: ['$$word', ''] } },
  };
  const joined = { $concat: ['$$value', { $cond: [{ $eq: ['$$value', ''] }, '', ' '] }, '$$this'] };
  return { $reduce: { input: words, initialValue: '', in: joined } };
}
