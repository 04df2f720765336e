import { createHash } from 'node:crypto';
import { canonicalVersion } from './ordering.ts';
import type { Plan, PlanProblem, PlanStep } from './plan-model.ts';
import { isApplied, type MigrationStatus } from './state.ts';

export interface SeedRequest {
  /** Ids, versions or names; with what they depend on. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Also what was applied before. */
  readonly again?: boolean | undefined;
  /** The migrations were all applied just now, and none before. */
  readonly rebuilt?: boolean | undefined;
}

/** A seed with its state, and what it says that it depends on. */
export interface SeedStatus extends MigrationStatus {
  readonly dependsOn: readonly string[];
}

/**
 * Pure: which seeds to run, what each depends on before it.
 *
 * @param statuses in their own order, which is kept where nothing depends on anything
 * @param problems of the files
 */
export function planSeeds(
  statuses: readonly SeedStatus[],
  request: SeedRequest,
  problems: readonly PlanProblem[] = [],
): Plan {
  const found: PlanProblem[] = [...problems];
  const asked = choose(statuses, request, found);
  const ordered = inOrder(statuses, found);
  const needed = withDependencies(asked, statuses);
  const steps = ordered.flatMap((status): PlanStep[] => {
    const again = request.again === true && asked.has(status);
    const wanted = needed.has(status) && (again || !isApplied(status));
    return wanted && status.migration ? [step(status, again)] : [];
  });
  for (const { id, state } of statuses) {
    if (state === 'modified' && !steps.some((one) => one.id === id)) found.push(modified(id));
  }
  const older = statuses.filter((one) => isApplied(one) && !steps.some(({ id }) => id === one.id));
  if (request.rebuilt && older.length > 0) found.push(stale(older));
  const hash = createHash('sha256').update(JSON.stringify(steps.map(({ version }) => version)));
  return { direction: 'up', steps, problems: found, fingerprint: hash.digest('hex').slice(0, 16) };
}

/** Finds what was typed: an id, a version in any spelling, or a unique name. */
export function findSeed(statuses: readonly SeedStatus[], typed: string): SeedStatus | undefined {
  const version = canonicalVersion(typed);
  const direct =
    statuses.find(({ id }) => id === typed) ?? statuses.find((one) => one.version === version);
  if (direct) return direct;
  const named = statuses.filter(
    ({ id, migration }) => migration?.name === typed || id.endsWith(`/${typed}`),
  );
  return named.length === 1 ? named[0] : undefined;
}

function choose(
  statuses: readonly SeedStatus[],
  { only }: SeedRequest,
  problems: PlanProblem[],
): Set<SeedStatus> {
  if (only === undefined || only.length === 0) return new Set(statuses);
  const chosen = new Set<SeedStatus>();
  for (const typed of only) {
    const status = findSeed(statuses, typed);
    if (status?.migration) chosen.add(status);
    else problems.push(unknown(`No seed is called "${typed}".`));
  }
  return chosen;
}

function withDependencies(
  asked: ReadonlySet<SeedStatus>,
  statuses: readonly SeedStatus[],
): Set<SeedStatus> {
  const needed = new Set<SeedStatus>();
  const add = (status: SeedStatus): void => {
    if (needed.has(status)) return;
    needed.add(status);
    for (const typed of status.dependsOn) {
      const other = findSeed(statuses, typed);
      if (other) add(other);
    }
  };
  for (const status of asked) add(status);
  return needed;
}

/** What a seed depends on comes before it; otherwise the order stays. */
function inOrder(statuses: readonly SeedStatus[], problems: PlanProblem[]): SeedStatus[] {
  const ordered: SeedStatus[] = [];
  const state = new Map<SeedStatus, 'open' | 'done'>();
  const visit = (status: SeedStatus, path: readonly string[]): void => {
    if (state.get(status) === 'done') return;
    if (state.get(status) === 'open') {
      const circle = [...path.slice(path.indexOf(status.id)), status.id].join(' → ');
      problems.push(invalid(status.id, `Seeds depend on each other in a circle: ${circle}.`));
      return;
    }
    state.set(status, 'open');
    for (const typed of status.dependsOn) {
      const other = findSeed(statuses, typed);
      if (other) visit(other, [...path, status.id]);
      else
        problems.push(
          invalid(status.id, `${status.id} depends on "${typed}", which there is not.`),
        );
    }
    state.set(status, 'done');
    ordered.push(status);
  };
  for (const status of statuses) visit(status, []);
  return ordered;
}

function step(status: SeedStatus, again: boolean): PlanStep {
  const { migration, record, state } = status;
  if (!migration) throw new TypeError('A seed without a file cannot be planned.');
  return {
    id: migration.id,
    version: migration.version,
    direction: 'up',
    transaction: migration.transaction ?? 'auto',
    reasons: [again && record?.state === 'applied' ? 'again' : state],
    migration,
    record: again ? undefined : record,
  };
}

function modified(id: string): PlanProblem {
  return {
    code: 'GODWIT_MODIFIED',
    severity: 'warning',
    id,
    message: `${id} was edited after it was applied.`,
    fix: `bring its data in line: godwit seed --only ${id} --again`,
  };
}

function stale(seeds: readonly SeedStatus[]): PlanProblem {
  const names = seeds.map(({ id }) => id).join(', ');
  return {
    code: 'GODWIT_SEED_STALE',
    severity: 'warning',
    message: `Counted as done, though the migrations were applied after them: ${names}. Their data may have gone with a rollback; godwit seed --again writes it again.`,
    fix: 'godwit seed --again',
  };
}

function unknown(message: string): PlanProblem {
  return { code: 'GODWIT_MIGRATION_UNKNOWN', severity: 'error', message, fix: 'godwit status' };
}

function invalid(id: string, message: string): PlanProblem {
  return {
    code: 'GODWIT_SEED_INVALID',
    severity: 'error',
    id,
    message,
    fix: `mend dependsOn of ${id}`,
  };
}
