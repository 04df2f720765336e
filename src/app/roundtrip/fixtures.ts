import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { type ErrorInfo, GodwitError } from '../../errors.ts';
import type { CodeSeed } from '../../formats/seeds/define-seed.ts';
import type { Migration } from '../../ports/migration.ts';
import type { Project } from '../project.ts';
import { runSeeds } from '../seeds/run-seeds.ts';
import type { Fixture, RoundtripOptions } from './types.ts';

const USUAL = ['fixtures', 'tests/fixtures', 'test/fixtures'];

/** Folder of a migration's fixtures, by its id or version; undefined when it has none. */
function folderOf(settings: Settings, { id, version }: Migration): string | undefined {
  const { root, fixturesDir } = settings;
  const folders =
    fixturesDir === undefined ? USUAL.map((dir) => resolve(root, dir)) : [fixturesDir];
  const own = folders.flatMap((folder) => [join(folder, id), join(folder, version)]);
  return own.find((folder) => existsSync(folder));
}

/**
 * Loads what a migration is tried with: seeds of another folder, read and run as seeds are.
 *
 * @param trial the project over the trial's database
 * @returns what was loaded
 * @throws GODWIT_SEED_INVALID, and the error of a fixture that failed
 */
export async function loadFixtures(
  trial: Project,
  migration: Migration,
  given: RoundtripOptions['fixtures'],
): Promise<string[]> {
  const settings = await trial.settings();
  const folder = folderOf(settings, migration);
  const inCode = given?.[migration.id] ?? given?.[migration.version];
  if (folder === undefined && inCode === undefined) return [];
  const none = join(settings.root, '.godwit', 'no-fixtures');
  const own: Settings = Object.create(settings, {
    seedDir: { value: folder ?? none, enumerable: true },
    seeds: { value: inCode ? seedsOf(inCode) : [], enumerable: true },
  });
  const run = await runSeeds({ ...trial, settings: async () => own }, { again: true });
  const failed = run.runs.find(({ error }) => error)?.error ?? run.error;
  if (failed) throw fixtureFailed(migration.id, failed);
  return run.runs.map(({ id }) => id);
}

function seedsOf(fixture: Fixture): CodeSeed[] {
  if (typeof fixture === 'function') return [{ id: 'fixture', run: fixture }];
  return Object.entries(fixture ?? {}).map(([name, records]) => ({
    // A file may be called the same.
    id: `given-${name}`,
    table: name,
    records,
  }));
}

function fixtureFailed(id: string, error: ErrorInfo): GodwitError {
  return new GodwitError(error.code, `A fixture of ${id} failed: ${error.message}`, {
    where: error.where,
    state: "The trial's database is gone; the project's own was not touched.",
  });
}
