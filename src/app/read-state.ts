import { findImports, type Imported, kindOf, withImports } from '../core/mirror.ts';
import { applyReplacements } from '../core/replaces.ts';
import { unfinishedReset } from '../core/reset-record.ts';
import { joinStates, type MigrationStatus } from '../core/state.ts';
import type { Driver } from '../ports/driver.ts';
import type { MirrorSpec, VersionRecord } from '../ports/history.ts';
import type { Migration } from '../ports/migration.ts';
import type { LockHolder } from '../ports/session.ts';
import type { SourceListing, SourceProblem } from '../ports/source.ts';
import type { Project } from './project.ts';
import { readWithHolder } from './read-with-holder.ts';

/** Folder and database as they are now. Reading it writes nothing. */
export interface ProjectState {
  readonly migrations: readonly Migration[];
  readonly problems: readonly SourceProblem[];
  /** The history, with what only mirrors know merged in. */
  readonly records: readonly VersionRecord[];
  readonly imports: readonly MirrorImports[];
  /** Baselines that the database has, because it had what they stand for. */
  readonly baselines: readonly Migration[];
  readonly holder: LockHolder | undefined;
}

export interface MirrorImports {
  readonly mirror: MirrorSpec;
  readonly imported: readonly Imported[];
}

/** @param listing the files, where somebody has begun to read them */
export async function readState(
  project: Project,
  // The files are read while the database is connected to and answers.
  listing: Promise<SourceListing> = project.list(),
): Promise<ProjectState> {
  listing.catch(() => undefined);
  const [driver, mirrors] = await Promise.all([project.driver(), project.mirrors()]);
  const answers = Promise.all([
    readRecords(driver),
    ...mirrors.map((mirror) => driver.readMirror(mirror)),
  ]);
  answers.catch(() => undefined);
  const { migrations, problems: found } = await listing;
  const [{ history, holder }, ...mirrored] = await answers;
  let records: readonly VersionRecord[] = history;
  const imports: MirrorImports[] = [];
  for (const [index, mirror] of mirrors.entries()) {
    const imported = findImports(mirror, mirrored[index] ?? [], migrations, records);
    if (imported.length === 0) continue;
    imports.push({ mirror, imported });
    records = withImports(records, imported, kindOf(mirror));
  }
  const replaced = applyReplacements(migrations, records);
  const reset = unfinishedReset(history, holder, driver.target.database);
  const problems = [...(reset ? [reset] : []), ...found, ...replaced.problems];
  const { baselines } = replaced;
  return { migrations, problems, records: replaced.records, imports, baselines, holder };
}

/** What the database knows of versions, and who has the lock. */
export async function readRecords(driver: Driver): Promise<{
  readonly history: readonly VersionRecord[];
  readonly holder: LockHolder | undefined;
}> {
  const read = () => driver.history.versions();
  const isOpen = (records: readonly VersionRecord[]) =>
    records.some(({ state }) => state === 'open');
  const { found, holder } = await readWithHolder(driver, read, isOpen);
  return { history: found, holder };
}

export function statusesOf(state: ProjectState): MigrationStatus[] {
  return joinStates(state.migrations, state.records, state.holder);
}
