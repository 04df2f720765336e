import { setImmediate } from 'node:timers/promises';
import { folderState } from '../formats/walk-folders.ts';
import type { SourceListing } from '../ports/source.ts';
import type { Project } from './project.ts';

/** Whoever waits longer for the lock waited for somebody, whose work may have been the files. */
const LATE_MS = 1000;
/** Two changes of a folder that are closer may show the same time: some file systems' ticks. */
const TICK_MS = 2000;

/**
 * Reads the files while the database is connected to and the lock is asked for.
 *
 * @returns asked under the lock: those files, or, unless it came at once and no folder was
 * changed in between, what is there now. A file that is overwritten in the same moment is
 * taken as it was read, as it is when that happens between the lock and its turn.
 */
export function listEarly(project: Project): () => Promise<SourceListing> {
  const begunAt = Date.now();
  // The connection goes first: it is what has to be waited for.
  const early = setImmediate()
    .then(() => project.list())
    .catch(() => undefined);
  return async () => {
    const isLate = Date.now() - begunAt > LATE_MS;
    const listing = await early;
    return listing && !isLate && isUnchanged(listing, begunAt) ? listing : project.list();
  };
}

function isUnchanged({ folders }: SourceListing, begunAt: number): boolean {
  if (folders === undefined) return false;
  try {
    return [...folders].every(([folder, { id, changedAt }]) => {
      const now = folderState(folder);
      return now.id === id && now.changedAt === changedAt && changedAt < begunAt - TICK_MS;
    });
  } catch {
    // Reading it again says what is wrong with it.
    return false;
  }
}
