import { existsSync } from 'node:fs';
import type { WriteOptions } from '../options.ts';
import type { Project } from '../project.ts';
import type { RunReport, SetupReport } from '../reports.ts';
import { runDirection } from '../run/commands.ts';
import type { SyncReport } from '../sync/types.ts';
import { refuseProduction } from './refuse-production.ts';
import { runSeeds } from './run-seeds.ts';

/**
 * A database from nothing: migrations, with the definitions that `up` brings in line, then
 * seeds. What is done already is left alone, so it can be run again at any time.
 *
 * @throws GodwitError GODWIT_PRODUCTION, before anything was done, and what `up` and `seed`
 *   throw
 */
export async function setup(project: Project, options: WriteOptions): Promise<SetupReport> {
  await refuseProduction(project, 'setup');
  const named = withCommand(project);
  const migrations = await runDirection(named, 'up', options);
  if (!isWell(migrations)) return { migrations, sync: null, seeds: null };
  const sync = (await hasDefinitions(project)) ? await runSync(named, options) : null;
  const stopped = options.signal?.aborted || sync?.error !== undefined;
  if (stopped) return { migrations, sync, seeds: null };
  const rebuilt = await isAll(project, migrations);
  return { migrations, sync, seeds: await runSeeds(named, options, { rebuilt }) };
}

/** Not one of them was applied before. */
async function isAll(project: Project, { summary }: RunReport): Promise<boolean> {
  return summary.applied > 0 && summary.applied === (await project.list()).migrations.length;
}

/** Something to bring in line that `up` has not seen to. */
async function hasDefinitions(project: Project): Promise<boolean> {
  const { sync, modelsDir, collectionsDir } = await project.settings();
  const driver = await project.driver();
  if (sync.onUp || driver.definitions === undefined) return false;
  const { models = [], collections = [] } = project.options;
  const registered = models.length + collections.length > 0;
  return registered || existsSync(modelsDir) || existsSync(collectionsDir);
}

async function runSync(project: Project, options: WriteOptions): Promise<SyncReport> {
  const { runSync: run } = await import('../sync/run-sync.ts');
  return run(project, options);
}

/** Lock and history say that it was `setup`. */
function withCommand(project: Project): Project {
  const command = project.options.command ?? 'setup';
  return { ...project, options: { ...project.options, command } };
}

function isWell({ runs, error }: RunReport): boolean {
  return error === undefined && runs.every(({ status }) => status === 'applied');
}
