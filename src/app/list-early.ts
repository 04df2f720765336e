import { statSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { SourceListing } from '../ports/source.ts';
import type { Project } from './project.ts';

/** Whoever waits longer for the lock waited for somebody, whose work may have been the files. */
const LATE_MS = 1000;
/** Two changes of a folder that are closer may show the same time. */
const CLOCK_TICK_MS = 50;

/**
 * Reads the files while the database is connected to and the lock is asked for.
 *
 * @returns asked under the lock: those files, or, unless all was quick and no folder was
 * changed in between, what is there now
 */
export function listEarly(project: Project): () => Promise<SourceListing> {
  const begunAt = Date.now();
  // The connection goes first: it is what has to be waited for.
  const early = setImmediate().then(async () => {
    const listing = await project.list();
    return { listing, endedAt: Date.now() };
  });
  early.catch(() => undefined);
  return async () => {
    const { listing, endedAt } = await early;
    const isLate = Date.now() - endedAt > LATE_MS;
    return !isLate && isUnchanged(listing, begunAt) ? listing : project.list();
  };
}

function isUnchanged({ folders = new Map() }: SourceListing, begunAt: number): boolean {
  return [...folders].every(([folder, changedAt]) => {
    const now = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
    return now === changedAt && changedAt < begunAt - CLOCK_TICK_MS;
  });
}
