import { createHash } from 'node:crypto';
import type { SchemaDump } from '../snapshot/dump.ts';

/** A fingerprint of each kind of object, so that a difference can be named. */
export function printSchema({ pieces }: SchemaDump): Record<string, string> {
  const kinds = new Map<string, string[]>();
  for (const { kind, name, statements } of pieces) {
    const list = kinds.get(kind) ?? [];
    list.push(JSON.stringify([name, statements]));
    kinds.set(kind, list);
  }
  return Object.fromEntries(
    [...kinds].map(([kind, list]) => [
      kind,
      createHash('sha256').update(list.sort().join('\n')).digest('hex').slice(0, 32),
    ]),
  );
}

/** Kinds of objects that are not what they were. */
export function differingKinds(
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): string[] {
  const kinds = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...kinds].filter((kind) => wanted[kind] !== found[kind]).sort();
}
