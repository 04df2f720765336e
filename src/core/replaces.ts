import type { VersionRecord } from '../ports/history.ts';
import type { Migration } from '../ports/migration.ts';
import type { SourceProblem } from '../ports/source.ts';
import { recordKey } from './fold.ts';

export interface Replaced {
  /** The history as it reads with baselines in the place of what they stand for. */
  readonly records: readonly VersionRecord[];
  /** Baselines that the history does not know yet. */
  readonly baselines: readonly Migration[];
  readonly problems: readonly SourceProblem[];
}

/**
 * Puts baselines in the place of what they stand for: a database that had all of it has the
 * baseline, one that had nothing gets it, and one that had a part is told to get the rest
 * first. What was replaced is no longer missed.
 */
export function applyReplacements(
  migrations: readonly Migration[],
  records: readonly VersionRecord[],
): Replaced {
  const declared = migrations.filter(({ replaces }) => replaces !== undefined);
  if (declared.length === 0) return { records, baselines: [], problems: [] };
  const present = new Set(migrations.map(recordKey));
  const byKey = new Map(records.map((record) => [recordKey(record), record]));
  const baselines: Migration[] = [];
  const problems: SourceProblem[] = [];
  for (const migration of declared) {
    const { kind, version, replaces, id } = migration;
    const own = byKey.get(recordKey(migration));
    const keyOf = (of: string): string => recordKey({ kind, version: of });
    const versions = replaces?.versions ?? [];
    if (own?.id !== id) {
      const had = versions.filter((each) => byKey.get(keyOf(each))?.state === 'applied');
      if (had.length > 0 && had.length < versions.length) {
        problems.push(partial(migration, versions.length, had.length));
        continue;
      }
      if (had.length > 0) {
        baselines.push(migration);
        byKey.set(
          keyOf(version),
          asRecord(
            migration,
            versions.map((each) => byKey.get(keyOf(each))),
          ),
        );
      }
    }
    for (const each of [...versions, ...(replaces?.covered ?? [])]) {
      if (each !== version && !present.has(keyOf(each))) byKey.delete(keyOf(each));
    }
  }
  return { records: [...byKey.values()], baselines, problems };
}

/** Applied when the last of what it stands for was. */
function asRecord(
  migration: Migration,
  replaced: readonly (VersionRecord | undefined)[],
): VersionRecord {
  const found = replaced.filter((record) => record !== undefined);
  const newest = found.reduce((a, b) => ((b.appliedSeq ?? 0) > (a.appliedSeq ?? 0) ? b : a));
  return {
    ...newest,
    version: migration.version,
    id: migration.id,
    name: migration.name,
    checksum: migration.checksum?.raw,
    normalized: undefined,
  };
}

function partial(migration: Migration, wanted: number, had: number): SourceProblem {
  const { id, file } = migration;
  return {
    code: 'GODWIT_SQUASH_PARTIAL',
    message: `${id} stands for ${wanted} migrations, and this database has ${had} of them.`,
    files: file === undefined ? [] : [file],
    fix: `apply the others first: godwit up --dir ${squashedFolder(file, id)}`,
  };
}

/** Where `squash` puts the files that a baseline stands for. */
export function squashedFolder(file: string | undefined, id: string): string {
  const folder = file?.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '.';
  return `${folder}/.squashed/${id}`;
}
