import { compareVersions } from './ordering.ts';
import type { Draft, PlanProblem, PlanRequest, PlanStep } from './plan-model.ts';
import { findStatus, targetVersion, unknownMigration } from './select.ts';
import { isApplied, type MigrationStatus } from './state.ts';

/** What `up` would run: all that is not applied, in version order, as far as was asked. */
export function planUp(statuses: readonly MigrationStatus[], request: PlanRequest): Draft {
  const problems: PlanProblem[] = [];
  const wanted = choose(statuses, request, problems);
  const steps: PlanStep[] = [];
  const newest = newestApplied(statuses);
  for (const status of statuses) {
    problems.push(...standing(status, request));
    if (!wanted(status)) continue;
    const reasons = reasonsToRun(status, request);
    if (reasons === undefined || status.migration === undefined) continue;
    if (request.steps !== undefined && steps.length >= request.steps) continue;
    if (newest !== undefined && compareVersions(status.version, newest.version) < 0) {
      problems.push(...outOfOrder(status, newest, request));
    }
    steps.push(stepUp(status, status.migration, reasons));
  }
  return { steps, problems };
}

function stepUp(
  status: MigrationStatus,
  migration: NonNullable<MigrationStatus['migration']>,
  reasons: readonly string[],
): PlanStep {
  return {
    id: migration.id,
    version: migration.version,
    direction: 'up',
    transaction: migration.transaction ?? 'auto',
    reasons,
    migration,
    record: status.record,
  };
}

type Wanted = (status: MigrationStatus) => boolean;

function choose(
  statuses: readonly MigrationStatus[],
  request: PlanRequest,
  problems: PlanProblem[],
): Wanted {
  const typed = request.only ?? request.to;
  if (typed === undefined) return () => true;
  const version =
    request.only !== undefined
      ? findStatus(statuses, typed)?.version
      : targetVersion(statuses, typed);
  if (version === undefined) {
    problems.push(unknownMigration(typed, statuses));
    return () => false;
  }
  return request.only !== undefined
    ? (status) => status.version === version
    : (status) => compareVersions(status.version, version) <= 0;
}

/** Undefined when it must not run now. */
function reasonsToRun(status: MigrationStatus, request: PlanRequest): string[] | undefined {
  const { record, migration } = status;
  switch (status.state) {
    case 'pending':
      return [record ? 'pending, was reverted' : 'pending'];
    case 'failed':
      if (record?.direction === 'down') return undefined;
      if (record?.checkpoint)
        return [`failed, goes on after statement ${record.checkpoint.statements}`];
      return [
        record?.effect === 'none' ? 'failed, left nothing' : 'failed, what it did before stays',
      ];
    case 'interrupted':
      if (record?.direction === 'down') return undefined;
      if (record?.resume === 'restart') return ['interrupted, left nothing or is idempotent'];
      if (record?.resume === 'checkpoint') {
        return [`interrupted, goes on after statement ${record.checkpoint?.statements ?? 0}`];
      }
      if (migration?.idempotent) return ['interrupted, declared idempotent'];
      return request.retry ? ['interrupted, run again as asked'] : undefined;
    default:
      return undefined;
  }
}

/** What speaks against any `up`, whichever migrations were asked for. */
function standing(status: MigrationStatus, request: PlanRequest): PlanProblem[] {
  const { id, state, record } = status;
  if (state === 'modified') {
    return [
      {
        code: 'GODWIT_MODIFIED',
        severity: request.only === undefined ? 'error' : 'warning',
        id,
        message: `${id} was edited after it was applied.`,
        fix: `restore the file, or take its new text as the applied one: godwit accept ${id}`,
      },
    ];
  }
  if (state === 'missing') {
    return [
      {
        code: 'GODWIT_MISSING',
        severity: 'warning',
        id,
        message: `${id} is applied, but its file is not in the folder.`,
        fix: 'bring the file back, or revert from a checkout that has it',
      },
    ];
  }
  if (state === 'running') {
    return [
      {
        code: 'GODWIT_LOCK_HELD',
        severity: 'warning',
        id,
        message: `${id} is running now under somebody else's lock.`,
        fix: 'wait for it: godwit status',
      },
    ];
  }
  if ((state === 'interrupted' || state === 'failed') && record?.direction === 'down') {
    return [halfReverted(id, state)];
  }
  if (state === 'interrupted' && reasonsToRun(status, request) === undefined) {
    return [interrupted(id)];
  }
  return [];
}

function halfReverted(id: string, state: string): PlanProblem {
  return {
    code: 'GODWIT_HALF_REVERTED',
    severity: 'error',
    id,
    message: `Reverting ${id} ${state === 'failed' ? 'failed' : 'was interrupted'} half-way.`,
    fix: `finish it: godwit down --only ${id} --retry; or settle it by hand: godwit mark ${id} applied|pending`,
  };
}

function interrupted(id: string): PlanProblem {
  return {
    code: 'GODWIT_INTERRUPTED',
    severity: 'error',
    id,
    message: `${id} was interrupted, and what it had done by then is still there.`,
    fix: `run it again: godwit up --retry; or settle it by hand: godwit mark ${id} applied|pending`,
  };
}

function newestApplied(statuses: readonly MigrationStatus[]): MigrationStatus | undefined {
  return statuses.findLast(isApplied);
}

function outOfOrder(
  status: MigrationStatus,
  newest: MigrationStatus,
  request: PlanRequest,
): PlanProblem[] {
  if (request.outOfOrder === 'allow') return [];
  return [
    {
      code: 'GODWIT_OUT_OF_ORDER',
      severity: request.outOfOrder === 'refuse' ? 'error' : 'warning',
      id: status.id,
      message: `${status.id} is older than ${newest.id}, which is already applied.`,
      fix:
        request.outOfOrder === 'refuse'
          ? `give it a newer version, or run it all the same: godwit up --out-of-order allow`
          : 'nothing, if the two do not depend on each other',
    },
  ];
}
