import type { Driver } from '../ports/driver.ts';
import type { LockHolder } from '../ports/session.ts';

/**
 * Reads the history, and who has the lock. The lock is asked about first: over one connection,
 * as on PostgreSQL, all that a holder did who is gone by then is in what is read next. Who took
 * the lock only after that may have begun something in between, so where a run looks as if its
 * process were gone, both are read once more.
 *
 * @param isOpen whether what was read holds a run without an end
 */
export async function readWithHolder<T>(
  driver: Driver,
  read: () => Promise<T>,
  isOpen: (found: T) => boolean,
): Promise<{ readonly found: T; readonly holder: LockHolder | undefined }> {
  const readBoth = () => Promise.all([driver.lockHolder(), read()]);
  let [holder, found] = await readBoth();
  if (!holder?.alive && isOpen(found)) [holder, found] = await readBoth();
  return { found, holder };
}
