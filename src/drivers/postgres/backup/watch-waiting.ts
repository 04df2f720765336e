import { findBlockers } from '../blockers.ts';
import type { Connection } from '../connection.ts';
import type { BackupPlace } from './backups.ts';

const EVERY_MS = 1_000;

/**
 * Dropping a schema waits for whoever uses a table of it, for as long as that takes: said
 * with who it is. @returns ends the watching
 */
export function watchWaiting(
  place: BackupPlace,
  { pid }: Connection,
  tell: (whom: string) => void,
): () => Promise<void> {
  if (pid === undefined) return async () => {};
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const observer = await place.observer().catch(() => undefined);
    const blockers = observer ? await findBlockers(observer, pid).catch(() => []) : [];
    if (blockers.length > 0) tell(blockers.join('; '));
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
