import type { Settings } from '../../config/settings.ts';
import type { Plan, PlanStep } from '../../core/plan.ts';
import { planSeeds, type SeedRequest, type SeedStatus } from '../../core/plan-seeds.ts';
import { isApplied } from '../../core/state.ts';
import type { Seed } from '../../formats/seeds/seed.ts';
import type { Capabilities } from '../../ports/driver.ts';
import type { Migration, MigrationBody } from '../../ports/migration.ts';
import type { SeedOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { type ProjectState, readState } from '../read-state.ts';
import type { RunReport } from '../reports.ts';
import { planError } from '../run/commands.ts';
import { executePlans } from '../run/execute-plans.ts';
import { report, warningsOf } from '../run/report.ts';
import { withSession } from '../with-session.ts';
import { refuseProduction } from './refuse-production.ts';
import { seedProject } from './seed-project.ts';
import { seedStatuses } from './seed-status.ts';

/**
 * Runs the seeds that are not applied, each after what it depends on, under the lock.
 *
 * @throws GodwitError GODWIT_PRODUCTION, GODWIT_SEED_INVALID, GODWIT_MIGRATION_UNKNOWN,
 *   GODWIT_VERSION_DUPLICATE
 */
export async function runSeeds(
  project: Project,
  options: SeedOptions,
  found: Pick<SeedRequest, 'rebuilt'> = {},
): Promise<RunReport> {
  const started = performance.now();
  await refuseProduction(project, 'seed');
  const seeds = seedProject(project);
  if (options.dryRun) {
    const plan = insist(await planNow(seeds, options));
    return report([], plan.steps.length, warningsOf([plan]), started, undefined);
  }
  const command = project.options.command ?? 'seed';
  return withSession(seeds, command, options, async (work) => {
    const statuses = await withDependencies(work.state);
    const plan = insist(planOf(statuses, work.state, { ...options, ...found }));
    const steps = plan.steps.map((step) => inTransaction(step, work.driver.capabilities));
    const own = { ...work, settings: withoutSync(work.settings) };
    const done = await executePlans(own, [{ ...plan, steps }], { backup: false }, started);
    const unapplied = statuses.filter((one) => one.migration && !isApplied(one));
    const applied = new Set(
      done.runs.filter(({ status }) => status === 'applied').map(({ id }) => id),
    );
    const remaining = unapplied.filter(({ id }) => !applied.has(id)).length;
    return { ...done, summary: { ...done.summary, remaining } };
  });
}

/** Definitions are brought in line after migrations. Inherits: nothing reads `url` for it. */
function withoutSync(settings: Settings): Settings {
  return Object.create(settings, {
    sync: { value: { ...settings.sync, onUp: false } },
  }) as Settings;
}

/** What `seed` would run, without the lock. Writes nothing. */
export async function planNow(seeds: Project, options: SeedOptions): Promise<Plan> {
  const state = await readState(seeds);
  return planOf(await withDependencies(state), state, options);
}

function planOf(statuses: readonly SeedStatus[], state: ProjectState, options: SeedRequest): Plan {
  const problems = state.problems.map(({ code, message, fix }) => ({
    code,
    severity: 'error' as const,
    message,
    fix,
  }));
  return planSeeds(statuses, options, problems);
}

async function withDependencies(state: ProjectState): Promise<SeedStatus[]> {
  return Promise.all(
    seedStatuses(state).map(async (status) => {
      const seed = status.migration as Seed | undefined;
      return { ...status, dependsOn: seed ? await seed.dependencies() : [] };
    }),
  );
}

function insist(plan: Plan): Plan {
  const errors = plan.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw planError(errors);
  return plan;
}

/** In a transaction where the server can, and where it is not too much for one. */
function inTransaction(step: PlanStep, capabilities: Capabilities): PlanStep {
  const seed = step.migration as Seed;
  if (capabilities.transactionalDdl) return step;
  const mode = capabilities.transactions && !seed.large ? 'always' : 'never';
  const load = async (): Promise<MigrationBody> => {
    const body = await seed.load();
    return body.type === 'code' && body.transaction === 'auto'
      ? { ...body, transaction: mode }
      : body;
  };
  const migration: Migration = Object.assign(Object.create(seed) as Seed, { load });
  return { ...step, migration };
}
