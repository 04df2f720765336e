import { sameContent } from '../../core/same-content.ts';
import type { BackupContent } from '../../ports/backup.ts';

/** Differences between what was backed up and what is there after a restore. */
export function compareContents(
  wanted: readonly BackupContent[],
  found: readonly BackupContent[],
): string[] {
  const there = new Map(found.map((content) => [content.name, content]));
  return wanted.flatMap((content) => {
    const is = there.get(content.name);
    if (is === undefined) return [`${content.name} is not there`];
    if (is.rows !== content.rows) {
      return [`${content.name} has ${is.rows ?? 'no'} rows instead of ${content.rows ?? 'none'}`];
    }
    const same = sameContent(is.fingerprint, content.fingerprint);
    return same === false ? [`${content.name} has other content`] : [];
  });
}

/** Those that are in what was asked for. `public` is `public.users` too, unless it is one itself. */
export function within(
  contents: readonly BackupContent[],
  only: readonly string[] | undefined,
): readonly BackupContent[] {
  if (only === undefined) return contents;
  const names = new Set(contents.map(({ name }) => name));
  return contents.filter(({ name }) =>
    only.some((one) => name === one || (!names.has(one) && name.startsWith(`${one}.`))),
  );
}
