import type { Document, Filter } from 'mongodb';
import type { Store } from '../store.ts';

/** A search that takes longer tells nothing. */
const LONGEST_MS = 10_000;
const MAX_TIME_EXPIRED = 50;

/**
 * Which of these fields a document lacks, or has as null; those of lists in any element.
 * A field whose search takes too long is taken for one that is lacking.
 */
export async function findLacking(
  { db }: Store,
  collection: string,
  fields: readonly string[],
): Promise<readonly string[]> {
  const rows = db.collection(collection);
  const lacking: string[] = [];
  for (const field of fields) {
    const options = { projection: { _id: 1 }, maxTimeMS: LONGEST_MS };
    const found = await rows.findOne(withoutField(field), options).catch(tookTooLong);
    if (found) lacking.push(field);
  }
  return lacking;
}

/** `items.$.qty`: an element of `items` without it. */
function withoutField(field: string): Filter<Document> {
  const [list = '', ...inner] = field.split('.$.');
  if (inner.length === 0) return { [field]: null };
  return { [list]: { $elemMatch: withoutField(inner.join('.$.')) } };
}

function tookTooLong(error: unknown): true {
  if ((error as { code?: unknown }).code === MAX_TIME_EXPIRED) return true;
  throw error;
}
