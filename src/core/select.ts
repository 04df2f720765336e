import { canonicalVersion, splitVersionedName } from './ordering.ts';
import type { PlanProblem } from './plan-model.ts';
import type { MigrationStatus } from './state.ts';

/** Finds what a person typed: an id, a version in any spelling, or a unique name. */
export function findStatus(
  statuses: readonly MigrationStatus[],
  typed: string,
): MigrationStatus | undefined {
  const version = canonicalVersion(typed);
  const direct =
    statuses.find((status) => status.id === typed) ??
    statuses.find((status) => status.version === version);
  if (direct) return direct;
  const named = statuses.filter((status) => nameOf(status) === typed);
  return named.length === 1 ? named[0] : undefined;
}

/** The version that `typed` means, also when no migration has it (`up 5` with three files). */
export function targetVersion(
  statuses: readonly MigrationStatus[],
  typed: string,
): string | undefined {
  const found = findStatus(statuses, typed);
  if (found) return found.version;
  const version = canonicalVersion(typed);
  return /^\d+(\.\d+)*$/.test(version) ? version : undefined;
}

export function unknownMigration(typed: string, statuses: readonly MigrationStatus[]): PlanProblem {
  const near = statuses.filter((status) => status.id.includes(typed)).slice(0, 3);
  const hint = near.length > 0 ? ` Did you mean ${near.map((s) => s.id).join(', ')}?` : '';
  return {
    code: 'GODWIT_MIGRATION_UNKNOWN',
    severity: 'error',
    message: `No migration is called "${typed}".${hint}`,
    fix: 'godwit list',
  };
}

function nameOf(status: MigrationStatus): string | undefined {
  return status.migration?.name ?? splitVersionedName(status.id)?.name;
}
