import { GodwitError } from '../errors.ts';

/** The fields that tell one record from another, as a list. */
export function keyFields(key: string | readonly string[]): readonly string[] {
  const fields = typeof key === 'string' ? [key] : key;
  if (fields.length > 0 && fields.every((field) => typeof field === 'string' && field !== ''))
    return fields;
  throw new GodwitError('GODWIT_SEED_INVALID', 'upsert was given no key.', {
    state: 'Nothing of this call was written.',
    next: ["say which field tells records apart: { key: 'email' }"],
  });
}

/**
 * Refuses a record without its key, and two with the same one, which no order could make
 * the same result of every time.
 *
 * @throws GodwitError GODWIT_SEED_INVALID
 */
export function checkKeys(
  target: string,
  records: readonly object[],
  fields: readonly string[],
): void {
  const seen = new Map<string, number>();
  for (const [index, record] of records.entries()) {
    const values = fields.map((field) => (record as Record<string, unknown>)[field]);
    const missing = fields[values.findIndex((value) => value === undefined || value === null)];
    if (missing !== undefined) {
      throw invalid(`Record ${index + 1} for ${target} has no ${missing}, which is its key.`);
    }
    const key = JSON.stringify(values);
    const first = seen.get(key);
    if (first !== undefined) {
      const shown = fields.join(', ');
      throw invalid(`Records ${first + 1} and ${index + 1} for ${target} have the same ${shown}.`);
    }
    seen.set(key, index);
  }
}

/** Cuts a list into pieces of at most this many. */
export function inBatches<T>(records: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let at = 0; at < records.length; at += size) batches.push(records.slice(at, at + size));
  return batches;
}

function invalid(message: string): GodwitError {
  return new GodwitError('GODWIT_SEED_INVALID', message, {
    state: 'Nothing of this call was written.',
    next: ['give every record a key of its own'],
  });
}
