import { canonicalVersion, compareVersions, splitVersionedName } from '../core/ordering.ts';

/** How the newest file of a folder writes its version. */
export interface VersionStyle {
  /** As written: `001`, `2024-01-15T10-30-00`. */
  readonly written: string;
  readonly separator: string;
  readonly base: string;
}

const WRITTEN =
  /^(\d{4}-\d{2}-\d{2}(?:[T-]\d{2}-\d{2}-\d{2}(?:-?\d{3})?Z?)?|\d+(?:\.\d+)*)(__|_|-)?/;

/** The style of the file with the highest version; undefined in an empty folder. */
export function newestStyle(existing: readonly string[]): VersionStyle | undefined {
  let newest: { base: string; version: string } | undefined;
  for (const path of existing) {
    const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    const version = versionOf(base);
    if (version === undefined) continue;
    if (!newest || compareVersions(version, newest.version) > 0) newest = { base, version };
  }
  const match = newest && WRITTEN.exec(newest.base);
  if (!match) return undefined;
  return { written: match[1] ?? '', separator: match[2] ?? '_', base: newest?.base ?? '' };
}

function versionOf(base: string): string | undefined {
  return splitVersionedName(base.replace(/\.[^.]*$/, ''))?.version;
}

/**
 * The next version, in the folder's own spelling.
 *
 * @param now for timestamps, which are UTC; the first free one from then on is taken
 */
export function nextVersion(
  kind: 'timestamp' | 'number' | undefined,
  existing: readonly string[],
  now: Date,
): string {
  const style = newestStyle(existing);
  const byTime = style !== undefined && isTimestamp(style.written);
  // A number after timestamps would sort before all of them.
  if (kind === 'number' ? byTime : kind === 'timestamp' || !style || byTime) {
    return nextTimestamp(byTime ? style.written : '', existing, now);
  }
  return style ? nextNumber(style.written) : '001';
}

function isTimestamp(written: string): boolean {
  return written.includes('-') || /^(?:\d{12}|\d{14}|\d{17}|1\d{9}|1\d{12})$/.test(written);
}

/** Keeps the width; of dotted versions the last part grows. */
function nextNumber(written: string): string {
  const parts = written.split('.');
  const last = parts.pop() ?? '0';
  const next = String(BigInt(last) + 1n).padStart(last.length, '0');
  return [...parts, next].join('.');
}

function nextTimestamp(like: string, existing: readonly string[], now: Date): string {
  const taken = new Set(existing.map((path) => versionOf(path.slice(path.lastIndexOf('/') + 1))));
  for (let time = now.getTime(); ; time += 1000) {
    const written = writeTimestamp(new Date(time), like);
    if (!taken.has(canonicalVersion(written))) return written;
  }
}

function writeTimestamp(date: Date, like: string): string {
  const iso = date.toISOString();
  const digits = iso.replace(/\D/g, '');
  if (/^\d{4}-\d{2}-\d{2}[T-]/.test(like)) {
    return iso
      .slice(0, 19)
      .replaceAll(':', '-')
      .replace('T', like[10] ?? 'T');
  }
  if (/^1\d{9}$/.test(like)) return String(Math.floor(date.getTime() / 1000));
  if (like.length === 13) return String(date.getTime());
  return digits.slice(0, like.length === 12 || like.length === 17 ? like.length : 14);
}
