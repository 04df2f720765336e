import type { MirrorRecord, MirrorSpec, VersionRecord } from '../ports/history.ts';
import type { Kind, Migration } from '../ports/migration.ts';
import { canonicalVersion, splitVersionedName } from './ordering.ts';

/** A version that only the mirror says is applied: a person put it there. */
export interface Imported {
  readonly version: string;
  readonly id: string;
  readonly name: string;
  readonly appliedAt?: Date | undefined;
  readonly migration: Migration | undefined;
}

/**
 * What a mirror adds to the history. A record without a status counts as applied, one
 * with another status does not; a record that is absent never un-applies.
 */
export function findImports(
  spec: MirrorSpec,
  mirrored: readonly MirrorRecord[],
  migrations: readonly Migration[],
  records: readonly VersionRecord[],
): Imported[] {
  const applied = new Set(
    records.filter((r) => r.kind === kindOf(spec) && r.state === 'applied').map((r) => r.version),
  );
  const find = migrationFinder(spec, migrations);
  const imports = new Map<string, Imported>();
  for (const record of mirrored) {
    if (record.status !== undefined && record.status !== 'applied') continue;
    const migration = find(record.key);
    const version = migration?.version ?? versionOfKey(spec, record.key);
    if (applied.has(version)) continue;
    imports.set(version, {
      version,
      id: migration?.id ?? record.key,
      name: migration?.name ?? record.key,
      appliedAt: record.appliedAt,
      migration,
    });
  }
  return [...imports.values()];
}

/** What a mirror has records of. */
export function kindOf(spec: MirrorSpec): 'migration' | 'seed' {
  return spec.kind ?? 'migration';
}

/** The history as it will read once the imports are recorded. `status` shows this. */
export function withImports(
  records: readonly VersionRecord[],
  imports: readonly Imported[],
  kind: Kind = 'migration',
): VersionRecord[] {
  const versions = new Set(imports.map((imported) => imported.version));
  const kept = records.filter((r) => r.kind !== kind || !versions.has(r.version));
  const last = records.reduce((seq, r) => Math.max(seq, r.appliedSeq ?? 0), 0);
  return [...kept, ...imports.map((imported, index) => asRecord(imported, kind, last + 1 + index))];
}

function asRecord(imported: Imported, kind: Kind, seq: number): VersionRecord {
  return {
    kind,
    version: imported.version,
    id: imported.id,
    name: imported.name,
    state: 'applied',
    direction: 'up',
    run: '',
    fence: 0,
    appliedAt: imported.appliedAt,
    appliedSeq: seq,
    effect: 'complete',
    checksum: imported.migration?.checksum?.raw,
  };
}

function migrationFinder(
  spec: MirrorSpec,
  migrations: readonly Migration[],
): (key: string) => Migration | undefined {
  const { value } = spec.shape.key;
  const keyOf = (migration: Migration): string =>
    value === 'id' ? migration.id : value === 'name' ? migration.name : migration.version;
  const byKey = new Map(migrations.map((migration) => [keyOf(migration), migration]));
  const versioned = value === 'version' || value === 'version-number';
  return (key) => byKey.get(versioned ? canonicalVersion(key) : key);
}

function versionOfKey(spec: MirrorSpec, key: string): string {
  const { value } = spec.shape.key;
  if (value === 'version' || value === 'version-number') return canonicalVersion(key);
  return splitVersionedName(key)?.version ?? key;
}
