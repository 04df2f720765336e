import type { Emit } from '../events.ts';
import { backfillApi } from './backfill/api.ts';
import { backupApi } from './backup/api.ts';
import type { MigratorOptions } from './options.ts';
import { openProject } from './project.ts';
import { announceFailures } from './run/announce-failures.ts';
import { schemaApi } from './schema/api.ts';
import type { Migrator } from './types.ts';

/**
 * The one way to use godwit from a program: all that the CLI does goes through it.
 * Nothing is connected, read or even imported until a method needs it.
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
    plan: async (plan = {}) => (await import('./plan/show.ts')).showPlan(project, plan),
    planSql: async (plan = {}) => (await import('./plan/script.ts')).planScript(project, plan),
    up: async (run = {}) => (await running()).runDirection(project, 'up', run),
    down: async (run = {}) => (await running()).runDirection(project, 'down', run),
    redo: async (run = {}) => (await running()).redo(project, run),
    seed: async (run = {}) => (await import('./seeds/run-seeds.ts')).runSeeds(project, run),
    setup: async (run = {}) => (await import('./seeds/setup.ts')).setup(project, run),
    reset: async (run = {}) => (await import('./seeds/reset.ts')).reset(project, run),
    status: async () => (await import('./status.ts')).readStatus(project),
    list: async () => (await import('./status.ts')).listFolder(project),
    show: async (id) => (await import('./history.ts')).showMigration(project, id),
    history: async (query = {}) => (await import('./history.ts')).readHistory(project, query),
    validate: async (how = {}) =>
      (await import('./validate/validate.ts')).validateProject(project, how),
    lint: async (how = {}) => (await import('./lint/lint.ts')).lintProject(project, how),
    mark: async (id, as, record = {}) => (await records()).mark(project, id, as, record),
    accept: async (ids, record = {}) => (await records()).accept(project, ids, record),
    baseline: async (version, record = {}) => (await records()).baseline(project, version, record),
    planSync: async (sync = {}) =>
      (await import('./sync/plan-sync.ts')).showDifference(project, sync),
    sync: async (sync = {}) => (await import('./sync/run-sync.ts')).runSync(project, sync),
    squash: async (how = {}) => (await import('./squash/squash.ts')).squash(project, how),
    test: async (how = {}) =>
      (await import('./roundtrip/run-roundtrips.ts')).runRoundtrips(project, how),
    modelChanges: async (how = {}) =>
      (await import('./from-models/model-changes.ts')).modelChanges(project, how),
    create: async (name, how = {}) =>
      (await import('./create-files.ts')).createFiles(project, name, how),
    schema: schemaApi(project),
    backfill: backfillApi(project),
    backup: backupApi(project),
    lockHolder: async () => (await project.driver()).lockHolder(),
    unlock: async (holder) => (await project.driver()).breakLock(holder),
    doctor: async () => (await import('./doctor.ts')).examine(project),
    isAtLeast: async (version) =>
      (await import('./is-at-least.ts')).isAtLeast(project, String(version)),
    on: (listener: Emit) => project.listen(listener),
    close: () => project.close(),
    [Symbol.asyncDispose]: () => project.close(),
  });
}

const running = () => import('./run/commands.ts');
const records = () => import('./record-commands.ts');
