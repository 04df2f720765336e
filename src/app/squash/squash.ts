import { basename, dirname, join } from 'node:path';
import { compareVersions } from '../../core/ordering.ts';
import { squashedFolder } from '../../core/replaces.ts';
import { diffSnapshots } from '../../core/schema-diff.ts';
import { targetVersion, unknownMigration } from '../../core/select.ts';
import { isApplied, type MigrationStatus } from '../../core/state.ts';
import { GodwitError, toGodwitError } from '../../errors.ts';
import { newestStyle } from '../../formats/new-version.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Migration } from '../../ports/migration.ts';
import { confirmProduction } from '../confirm-production.ts';
import type { Project } from '../project.ts';
import { readState, statusesOf } from '../read-state.ts';
import { refuseOutside, runOn } from '../schema/plan.ts';
import { withScratch } from '../schema/scratch.ts';
import { scriptOf, takeSnapshot } from '../schema/take-snapshot.ts';
import type { SquashOptions, SquashReport } from '../schema/types.ts';
import { withSession } from '../with-session.ts';
import { dataWarnings } from './data.ts';
import {
  filesOf,
  finishBaseline,
  type Move,
  placeBaseline,
  readIntent,
  type SquashIntent,
} from './files.ts';
import { renderBaseline } from './text.ts';

/**
 * Folds applied files into one baseline. They are run on a scratch database, and what comes
 * out is the baseline; they are moved aside, and this database counts as having it.
 *
 * @throws GODWIT_MIGRATION_UNKNOWN, GODWIT_PENDING, GODWIT_MISSING, GODWIT_MODIFIED,
 *   GODWIT_CONFIRMATION_NEEDED, GODWIT_UNSUPPORTED, GODWIT_SCRATCH_FAILED, GODWIT_SCRATCH_REFUSED, GODWIT_FILE_EXISTS
 */
export async function squash(project: Project, options: SquashOptions): Promise<SquashReport> {
  if (!options.dryRun) {
    const what = 'folding migrations into one';
    await confirmProduction(project, options.confirmed, { what, command: 'squash' });
  }
  const driver = await project.driver();
  const { root } = await project.settings();
  const state = await readState(project);
  const begun = state.problems.find(({ code }) => code === 'GODWIT_SQUASH_UNFINISHED');
  if (begun?.files[0]) return finish(project, options, root, begun.files[0]);
  const statuses = statusesOf(state);
  const chosen = choose(statuses, options);
  const last = chosen.at(-1) as FiledMigration;
  const { id, file } = nameOf(last, options.name ?? 'baseline', driver.capabilities.sql);
  const moves = await movesOf(root, chosen, id);
  await refuseOutside(chosen, options);
  const newest = statuses.findLast(isApplied)?.version === last.version;
  const made = await make(project, driver, chosen, options, newest);
  const intent: SquashIntent = {
    file,
    version: last.version,
    id,
    replaces: chosen.map((each) => each.id),
    moves,
    warnings: [...(await dataWarnings(chosen)), ...made.warnings],
    text: renderBaseline(chosen, made.script, file),
  };
  if (options.dryRun) return reportOf(intent, false, true);
  await placeBaseline(root, intent);
  return recordAndReport(project, options, intent);
}

/** One that was killed between its files: what it was to do is done, whatever was asked now. */
async function finish(
  project: Project,
  options: SquashOptions,
  root: string,
  path: string,
): Promise<SquashReport> {
  const read = await readIntent(root, path);
  const warnings = [`It was begun before, and is finished as ${read.id}.`, ...read.warnings];
  const intent = { ...read, warnings };
  if (options.dryRun) return reportOf(intent, false, true);
  await finishBaseline(root, path);
  return recordAndReport(project, options, intent);
}

async function recordAndReport(project: Project, options: SquashOptions, intent: SquashIntent) {
  const problem = await record(project, options);
  const warnings = [...intent.warnings, ...(problem ?? [])];
  return reportOf({ ...intent, warnings }, problem === undefined, false);
}

function reportOf(intent: SquashIntent, recorded: boolean, dryRun: boolean): SquashReport {
  const { file, version, id, replaces, moves: moved, warnings } = intent;
  return { file, version, id, replaces, moved, recorded, warnings, dryRun };
}

type FiledMigration = Migration & { readonly file: string };

function choose(statuses: readonly MigrationStatus[], { to }: SquashOptions): FiledMigration[] {
  const newest = statuses.findLast(isApplied)?.version;
  const target = to === undefined ? newest : targetVersion(statuses, to);
  if (to !== undefined && target === undefined) {
    const { code, message, fix } = unknownMigration(to, statuses);
    throw new GodwitError(code, message, { state: 'Nothing was done.', next: [fix] });
  }
  const upTo = statuses.filter(
    ({ version }) => target !== undefined && compareVersions(version, target) <= 0,
  );
  for (const status of upTo) refuse(status);
  const chosen = upTo.flatMap(({ migration }) => (migration ? [migration] : [])).filter(hasFile);
  if (chosen.length < 2) throw tooFew(chosen);
  return chosen;
}

function hasFile(migration: Migration): migration is FiledMigration {
  if (migration.file !== undefined) return true;
  throw new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${migration.id} is registered in code, not in a file.`,
    {
      state: 'Nothing was done.',
    },
  );
}

function refuse({ id, state }: MigrationStatus): void {
  if (state === 'applied') return;
  const codes = { missing: 'GODWIT_MISSING', modified: 'GODWIT_MODIFIED' } as const;
  const code = state === 'missing' || state === 'modified' ? codes[state] : 'GODWIT_PENDING';
  throw new GodwitError(code, `Only applied migrations can be squashed, and ${id} is ${state}.`, {
    state: 'Nothing was done.',
    next: ['godwit status', 'squash only what comes before it: godwit squash --to VERSION'],
  });
}

function tooFew(chosen: readonly Migration[]): GodwitError {
  const what = chosen[0] ? `only ${chosen[0].id} is there` : 'nothing is applied';
  return new GodwitError('GODWIT_USAGE', `There is nothing to fold: ${what}.`, {
    state: 'Nothing was done.',
    next: ['godwit status'],
  });
}

/** The version of the last file, written as it is there. */
function nameOf(last: FiledMigration, name: string, sql: boolean): { id: string; file: string } {
  const style = newestStyle([basename(last.file)]);
  const id = `${style?.written ?? last.version}${style?.separator ?? '_'}${name}`;
  const file = join(dirname(last.file), `${id}${sql ? '.sql' : '.mjs'}`);
  return { id, file: file.replaceAll('\\', '/') };
}

async function movesOf(
  root: string,
  chosen: readonly FiledMigration[],
  id: string,
): Promise<Move[]> {
  const last = chosen.at(-1) as FiledMigration;
  const folder = squashedFolder(last.file, id);
  const moves: Move[] = [];
  for (const migration of chosen) {
    for (const from of await filesOf(root, migration.file, migration.id)) {
      moves.push({ from, to: `${folder}/${basename(from)}` });
    }
  }
  return moves;
}

interface Made {
  readonly script: string;
  readonly warnings: readonly string[];
}

async function make(
  project: Project,
  driver: Driver,
  chosen: readonly FiledMigration[],
  options: SquashOptions,
  newest: boolean,
): Promise<Made> {
  const ids = new Set(chosen.map(({ id }) => id));
  return withScratch(project, driver, options.scratch, async (scratch) => {
    await runOn(project, scratch.driver, options, (migration) => ids.has(migration.id));
    const snapshot = await takeSnapshot(scratch.driver, {});
    const script = await scriptOf(scratch.driver, snapshot, 'migration');
    const real = newest ? diffSnapshots(snapshot, await takeSnapshot(driver, {})).changes : [];
    return { script, warnings: [...snapshot.warnings, ...differences(real)] };
  });
}

function differences(changes: ReturnType<typeof diffSnapshots>['changes']): string[] {
  if (changes.length === 0) return [];
  const shown = changes.slice(0, 5).map(({ change, kind, name }) => `${kind} ${name} (${change})`);
  const more = changes.length > 5 ? ` and ${changes.length - 5} more` : '';
  return [
    `This database is not what its migrations make of an empty one: ${shown.join(', ')}${more}. The baseline is what they make.`,
  ];
}

/** The next writing command does it too; undefined when it is done. */
async function record(project: Project, options: SquashOptions): Promise<string[] | undefined> {
  try {
    // Whoever takes the lock records the baselines that the folder now has.
    await withSession(project, project.options.command ?? 'squash', options, async () => {});
    return undefined;
  } catch (thrown) {
    const { message } = toGodwitError(thrown);
    return [`The history does not have it yet; the next godwit up records it. ${message}`];
  }
}
