import type { MirrorSpec } from '../ports/history.ts';
import { didYouMean } from './suggest.ts';
import type { DatabaseConfig } from './types.ts';

/** Mirrors that have a name. Each is loaded only when it is asked for. */
const KNOWN: Readonly<Record<string, () => Promise<MirrorSpec>>> = {
  migrationHistory: async () => (await import('../formats/module.ts')).migrationHistoryMirror,
  migrations: async () => (await import('../formats/class.ts')).migrationsMirror,
};

/** What is wrong with a mirror's name, or nothing. */
export function mirrorProblem(mirror: DatabaseConfig['mirror']): string | undefined {
  if (typeof mirror !== 'string' || Object.hasOwn(KNOWN, mirror)) return undefined;
  const names = Object.keys(KNOWN);
  return `mirror "${mirror}" is not known; known: ${names.join(', ')}, or describe one as an object.${didYouMean(mirror, names)}`;
}

/** A name alone is given the usual fields: `name`, `appliedAt`, `status`. */
export function seedMirrorOf(
  mirror: DatabaseConfig['seedMirror'] = 'seeds',
): MirrorSpec | undefined {
  if (mirror === false) return undefined;
  if (typeof mirror !== 'string') return { ...mirror, kind: 'seed' };
  return {
    name: mirror,
    kind: 'seed',
    create: 'always',
    shape: {
      key: { field: 'name', value: 'id' },
      appliedAt: 'appliedAt',
      status: 'status',
      description: 'description',
    },
  };
}

export async function resolveMirrors(mirror: DatabaseConfig['mirror']): Promise<MirrorSpec[]> {
  if (mirror === undefined || mirror === false) return [];
  if (typeof mirror !== 'string') return [mirror];
  const spec = await KNOWN[mirror]?.();
  return spec === undefined ? [] : [spec];
}
