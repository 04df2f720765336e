import { compareVersions } from './ordering.ts';
import type { Draft, PlanProblem, PlanRequest, PlanStep } from './plan-model.ts';
import { findStatus, targetVersion, unknownMigration } from './select.ts';
import { isApplied, type MigrationStatus } from './state.ts';

/** What `down` would revert: the newest applied first, in reverse order of application. */
export function planDown(statuses: readonly MigrationStatus[], request: PlanRequest): Draft {
  const problems: PlanProblem[] = [];
  const chosen = choose(statuses, request, problems);
  problems.push(...unsettled(statuses, chosen, request));
  const steps: PlanStep[] = [];
  for (const status of chosen) {
    problems.push(...obstacles(status));
    const step = stepDown(status);
    if (step) steps.push(step);
  }
  if (request.only !== undefined) problems.push(...laterOnes(statuses, chosen));
  return { steps, problems };
}

function stepDown({ migration, record, state }: MigrationStatus): PlanStep | undefined {
  if (migration === undefined) return undefined;
  const half = record?.direction === 'down' && (state === 'failed' || state === 'interrupted');
  return {
    id: migration.id,
    version: migration.version,
    direction: 'down',
    transaction: migration.transaction ?? 'auto',
    reasons: [
      half ? `reverting it ${state === 'failed' ? 'failed' : 'was interrupted'}` : 'applied',
    ],
    migration,
    record,
  };
}

function choose(
  statuses: readonly MigrationStatus[],
  request: PlanRequest,
  problems: PlanProblem[],
): MigrationStatus[] {
  const newestFirst = statuses.filter(isRevertible).sort(byApplication);
  if (request.only !== undefined) return chooseOnly(statuses, request.only, problems);
  if (request.all) return newestFirst;
  if (request.to !== undefined) return chooseTo(statuses, newestFirst, request.to, problems);
  return newestFirst.slice(0, request.steps ?? 1);
}

function chooseOnly(
  statuses: readonly MigrationStatus[],
  typed: string,
  problems: PlanProblem[],
): MigrationStatus[] {
  const found = findStatus(statuses, typed);
  if (!found) {
    problems.push(unknownMigration(typed, statuses));
    return [];
  }
  // Also one whose `up` stopped half-way: its `down` may be the way to clean up.
  const leftSomething = found.state === 'failed' || found.state === 'interrupted';
  return isRevertible(found) || leftSomething ? [found] : [];
}

/** Down to, and without, a version: what was applied after it, or all above it when it never was. */
function chooseTo(
  statuses: readonly MigrationStatus[],
  newestFirst: readonly MigrationStatus[],
  typed: string,
  problems: PlanProblem[],
): MigrationStatus[] {
  const version = targetVersion(statuses, typed);
  if (version === undefined) {
    problems.push(unknownMigration(typed, statuses));
    return [];
  }
  const index = newestFirst.findIndex((status) => status.version === version);
  if (index >= 0) return newestFirst.slice(0, index);
  return newestFirst.filter((status) => compareVersions(status.version, version) > 0);
}

/** Applied, or half reverted. */
function isRevertible(status: MigrationStatus): boolean {
  if (isApplied(status)) return true;
  const { record, state } = status;
  return record?.direction === 'down' && (state === 'failed' || state === 'interrupted');
}

function byApplication(a: MigrationStatus, b: MigrationStatus): number {
  const order = (b.record?.appliedSeq ?? 0) - (a.record?.appliedSeq ?? 0);
  return order !== 0 ? order : compareVersions(b.version, a.version);
}

/** What keeps this one from being reverted; nothing is stepped over. */
function obstacles(status: MigrationStatus): PlanProblem[] {
  const { id, migration, state } = status;
  if (migration === undefined) {
    return [
      {
        code: 'GODWIT_MISSING',
        severity: 'error',
        id,
        message: `${id} is applied, but its file is not in the folder, so it cannot be reverted.`,
        fix: `bring the file back; or, if its effect is gone already: godwit mark ${id} pending`,
      },
    ];
  }
  if (migration.reversible === false) {
    return [irreversible(id)];
  }
  if (state === 'modified') {
    return [
      {
        code: 'GODWIT_MODIFIED',
        severity: 'warning',
        id,
        message: `${id} was edited after it was applied; its present way back is run.`,
        fix: 'look at the file before you go on',
      },
    ];
  }
  return [];
}

/** Also raised after loading, where only the code could tell. */
export function irreversible(id: string): PlanProblem {
  return {
    code: 'GODWIT_IRREVERSIBLE',
    severity: 'error',
    id,
    message: `${id} has no way back.`,
    fix: `write its down; or undo it by hand and say so: godwit mark ${id} pending`,
  };
}

/** Interrupted runs stop a `down` that is not about them. */
function unsettled(
  statuses: readonly MigrationStatus[],
  chosen: readonly MigrationStatus[],
  request: PlanRequest,
): PlanProblem[] {
  const problems: PlanProblem[] = [];
  for (const status of statuses) {
    const { id, record, state } = status;
    const asks = record?.resume === 'ask' && status.migration?.idempotent !== true;
    const settled = request.retry || (record?.direction === 'up' && request.only !== undefined);
    if (state === 'interrupted' && asks && !(chosen.includes(status) && settled)) {
      problems.push({
        code: 'GODWIT_INTERRUPTED',
        severity: 'error',
        id,
        message: `${id} was interrupted, and what it had done by then is still there.`,
        fix: `run its way back: godwit down --only ${id} --retry; or settle it by hand: godwit mark ${id} applied|pending`,
      });
    } else if (
      state === 'failed' &&
      record?.effect === 'partial' &&
      record.direction === 'up' &&
      !chosen.includes(status)
    ) {
      problems.push({
        code: 'GODWIT_MIGRATION_FAILED',
        severity: 'warning',
        id,
        message: `${id} failed earlier and part of its work is still there; this does not touch it.`,
        fix: `run its way back: godwit down --only ${id}`,
      });
    }
  }
  return problems;
}

function laterOnes(
  statuses: readonly MigrationStatus[],
  chosen: readonly MigrationStatus[],
): PlanProblem[] {
  const [target] = chosen;
  const seq = target?.record?.appliedSeq;
  if (target === undefined || seq === undefined) return [];
  const later = statuses.filter((s) => isApplied(s) && (s.record?.appliedSeq ?? 0) > seq);
  if (later.length === 0) return [];
  return [
    {
      code: 'GODWIT_OUT_OF_ORDER',
      severity: 'warning',
      id: target.id,
      message: `${later.length} applied after ${target.id} stay: ${later
        .map((s) => s.id)
        .slice(0, 5)
        .join(', ')}.`,
      fix: 'nothing, if they do not depend on it',
    },
  ];
}
