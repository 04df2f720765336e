import type { BackupRetention } from '../../config/types.ts';

/** What retention looks at. */
export interface Aged {
  readonly at: string;
  readonly bytes: number;
  /** Null, or absent: of everything. */
  readonly only?: readonly string[] | null | undefined;
}

const DAY_MS = 86_400_000;

/**
 * Those that may go: beyond the newest `count`, older than `days`, or beyond the newest
 * that together have no more than `bytes`. The newest never goes, nor the newest of everything:
 * copies of single collections must not push out what a whole database can be restored from.
 *
 * @param backups in any order
 * @param now ms since 1970
 */
export function choosePrunable<T extends Aged>(
  backups: readonly T[],
  { count, days, bytes }: BackupRetention,
  now: number,
): T[] {
  const newestFirst = [...backups].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const newestWhole = newestFirst.find(isWhole);
  let together = 0;
  return newestFirst.filter((backup, index) => {
    together += backup.bytes;
    if (index === 0 || backup === newestWhole) return false;
    if (count !== undefined && index >= count) return true;
    if (days !== undefined && now - Date.parse(backup.at) > days * DAY_MS) return true;
    return bytes !== undefined && together > bytes;
  });
}

function isWhole({ only }: Aged): boolean {
  return only === undefined || only === null;
}
