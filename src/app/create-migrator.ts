import type { Emit } from '../events.ts';
import { announceFailures } from './announce-failures.ts';
import { backfillApi } from './backfill-api.ts';
import { backupApi } from './backup/api.ts';
import { createFiles } from './create-files.ts';
import { examine } from './doctor.ts';
import { readHistory, showMigration } from './history.ts';
import { isAtLeast } from './is-at-least.ts';
import { planScript } from './plan-script.ts';
import { openProject } from './project.ts';
import { accept, baseline, mark } from './record-commands.ts';
import { redo, runDirection } from './run-commands.ts';
import { schemaApi } from './schema.ts';
import { showPlan } from './show-plan.ts';
import { listFolder, readStatus } from './status.ts';
import type { Migrator, MigratorOptions } from './types.ts';

/**
 * The one way to use godwit from a program: all that the CLI does goes through it.
 * Nothing is connected or read until a method needs it.
 *
 * @param options a database and where its migrations are; what is absent comes from the
 *   project's config and environment
 * @returns a migrator to be closed when done (`await using` does it)
 * @example
 * ```ts
 * const migrator = createMigrator({ url: 'postgres://localhost/shop', dir: 'migrations' });
 * migrator.on((event) => console.log(event.type));
 * const { summary } = await migrator.up();
 * await migrator.close();
 * ```
 */
export function createMigrator(options: MigratorOptions = {}): Migrator {
  const project = openProject(options);
  return announceFailures(project, {
    settings: () => project.settings(),
    target: async () => (await project.driver()).target,
    plan: (plan = {}) => showPlan(project, plan),
    planSql: (plan = {}) => planScript(project, plan),
    up: (run = {}) => runDirection(project, 'up', run),
    down: (run = {}) => runDirection(project, 'down', run),
    redo: (run = {}) => redo(project, run),
    seed: async (run = {}) => (await import('./seeds/run-seeds.ts')).runSeeds(project, run),
    setup: async (run = {}) => (await import('./seeds/setup.ts')).setup(project, run),
    reset: async (run = {}) => (await import('./seeds/reset.ts')).reset(project, run),
    status: () => readStatus(project),
    list: () => listFolder(project),
    show: (id) => showMigration(project, id),
    history: (query = {}) => readHistory(project, query),
    validate: (how = {}) =>
      import('./validate.ts').then(({ validateProject }) => validateProject(project, how)),
    mark: (id, as, record = {}) => mark(project, id, as, record),
    accept: (ids, record = {}) => accept(project, ids, record),
    baseline: (version, record = {}) => baseline(project, version, record),
    planSync: async (sync = {}) => (await import('./sync/plan-sync.ts')).planSync(project, sync),
    sync: async (sync = {}) => (await import('./sync/run-sync.ts')).runSync(project, sync),
    squash: async (how = {}) => (await import('./squash.ts')).squash(project, how),
    modelChanges: async (how = {}) =>
      (await import('./from-models/model-changes.ts')).modelChanges(project, how),
    create: (name, how = {}) => createFiles(project, name, how),
    schema: schemaApi(project),
    backfill: backfillApi(project),
    backup: backupApi(project),
    lockHolder: async () => (await project.driver()).lockHolder(),
    unlock: async (holder) => (await project.driver()).breakLock(holder),
    doctor: () => examine(project),
    isAtLeast: (version) => isAtLeast(project, String(version)),
    on: (listener: Emit) => project.listen(listener),
    close: () => project.close(),
    [Symbol.asyncDispose]: () => project.close(),
  });
}
