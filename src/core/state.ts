import type { VersionRecord } from '../ports/history.ts';
import type { Kind, Migration } from '../ports/migration.ts';
import type { LockHolder } from '../ports/session.ts';
import { recordKey } from './fold.ts';
import { compareVersions } from './ordering.ts';

export const MIGRATION_STATES = [
  'applied',
  'pending',
  'running',
  'failed',
  'interrupted',
  'modified',
  'missing',
] as const;

/** Each migration is in exactly one. */
export type MigrationState = (typeof MIGRATION_STATES)[number];

/** A migration as the folder and the history together show it. */
export interface MigrationStatus {
  readonly version: string;
  readonly id: string;
  readonly state: MigrationState;
  /** Absent when it is missing. */
  readonly migration: Migration | undefined;
  /** Absent when nothing was ever recorded. */
  readonly record: VersionRecord | undefined;
}

/** True when the database holds the migration's effect, whatever the file looks like now. */
export function isApplied(status: MigrationStatus): boolean {
  return status.record?.state === 'applied';
}

/**
 * Joins folder and history.
 *
 * @param holder the lock's holder: an open run under its fence is running, any other is
 *   interrupted
 * @param kind of which a record without a file counts; the others stand in the history only
 * @returns in version order; one entry per version
 */
export function joinStates(
  migrations: readonly Migration[],
  records: readonly VersionRecord[],
  holder: LockHolder | undefined,
  kind: Kind = 'migration',
): MigrationStatus[] {
  const byKey = new Map(records.map((record) => [recordKey(record), record]));
  const joined: MigrationStatus[] = [];
  for (const migration of migrations) {
    const key = recordKey(migration);
    const record = byKey.get(key);
    byKey.delete(key);
    joined.push({
      version: migration.version,
      id: migration.id,
      state: stateOf(migration, record, holder),
      migration,
      record,
    });
  }
  for (const record of byKey.values()) {
    if (record.state === 'pending' || record.kind !== kind) continue;
    joined.push({
      version: record.version,
      id: record.id,
      state: record.state === 'applied' ? 'missing' : openState(record, holder),
      migration: undefined,
      record,
    });
  }
  return joined.sort((a, b) => compareVersions(a.version, b.version));
}

function stateOf(
  migration: Migration,
  record: VersionRecord | undefined,
  holder: LockHolder | undefined,
): MigrationState {
  if (record === undefined || record.state === 'pending') return 'pending';
  if (record.state !== 'applied') return openState(record, holder);
  return isModified(migration, record) ? 'modified' : 'applied';
}

function openState(record: VersionRecord, holder: LockHolder | undefined): MigrationState {
  if (record.state === 'failed') return 'failed';
  return holder?.alive && holder.fence === record.fence ? 'running' : 'interrupted';
}

/** The tokenizer is asked only when the raw bytes differ. */
function isModified(migration: Migration, record: VersionRecord): boolean {
  const { checksum } = migration;
  if (checksum === undefined || record.checksum === undefined) return false;
  if (checksum.raw === record.checksum) return false;
  if (record.normalized === undefined) return true;
  const now = checksum.normalized();
  // A TypeScript file and its compiled JavaScript are one migration with two texts that
  // cannot be compared; neither can two versions of the tokenizer.
  if (schemeOf(now) !== schemeOf(record.normalized)) return false;
  return now !== record.normalized;
}

/** `v1:ts` of `v1:ts:3f…`. */
function schemeOf(normalized: string): string {
  return normalized.slice(0, normalized.lastIndexOf(':'));
}
