import { serverCode } from '../../drivers/mongodb/errors.ts';
import { GodwitError, thrownMessage } from '../../errors.ts';
import { type Place, refused } from './place.ts';

const VIEW = 166;
const IMMUTABLE = 66;
const CAPPED = new Set([20, 10003]);

/** Runs it, and says clearly what a server means that refuses a view or a key. */
export async function clearly<T>(what: string, name: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw clearer(what, name, error);
  }
}

function clearer(what: string, name: string, error: unknown): unknown {
  // What the backfill engine refuses is the same, in its own words.
  if (error instanceof GodwitError && error.code !== 'GODWIT_BACKFILL_INVALID') return error;
  const code = serverCode(error);
  const message = thrownMessage(error);
  if (code === VIEW || /is a view[,;]|on a view\b/i.test(message)) {
    return viewRefused(what, name, error);
  }
  if (/time-?series/i.test(message)) {
    return refused(
      what,
      `${name} is a time series, whose documents do not change`,
      undefined,
      error,
    );
  }
  if (
    /is capped,/.test(message) ||
    (code !== undefined && CAPPED.has(code) && /capped/i.test(message))
  ) {
    return refused(what, `${name} is capped, where documents may not grow or go`, undefined, error);
  }
  if (code === IMMUTABLE || /shard key/i.test(message)) {
    return refused(
      what,
      `${name} has a key that cannot be changed so (${message})`,
      ['a shard key changes one document at a time: use transformData, or leave the field'],
      error,
    );
  }
  return error;
}

/** For work that may find nothing to write, which no server refuses. */
export async function refuseView(what: string, { db, name }: Place): Promise<void> {
  const filter = { name, type: 'view' };
  const found = await db.listCollections(filter, { nameOnly: true }).toArray();
  if (found.length > 0) throw viewRefused(what, name);
}

function viewRefused(what: string, name: string, cause?: unknown): GodwitError {
  return refused(
    what,
    `${name} is a view, whose documents are those of another collection`,
    ['name the collection that the view is made of'],
    cause,
  );
}
