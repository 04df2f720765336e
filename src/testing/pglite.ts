import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GodwitError } from '../errors.ts';

/** A PGlite database in a folder of the test's own. */
export interface TestPglite {
  /** `pglite:` and the folder. */
  readonly url: string;
  readonly folder: string;
  /** Removes the folder. Close what opened it before. */
  remove(): Promise<void>;
}

/**
 * Makes an empty PGlite database. Creating one takes seconds, so it is made once for
 * each version of PGlite and copied from then on.
 *
 * @param parent folder to put it into; default: a new temporary one
 * @example
 * const database = await createPglite();
 * const migrator = await createMigrator({ url: database.url, dir: 'migrations' });
 */
export async function createPglite(parent?: string): Promise<TestPglite> {
  const template = await pgliteTemplate();
  const base = parent ?? (await mkdtemp(join(tmpdir(), 'godwit-pglite-')));
  await mkdir(base, { recursive: true });
  const folder = join(base, `db-${randomBytes(4).toString('hex')}`);
  // A thousand small files: one by one through the thread pool costs twice as much.
  cpSync(template, folder, { recursive: true });
  return {
    url: `pglite:${folder}`,
    folder,
    remove: () =>
      rm(parent === undefined ? base : folder, {
        recursive: true,
        force: true,
      }),
  };
}

let template: Promise<string> | undefined;

/** Folder of the empty database that is copied. Never open it. */
export function pgliteTemplate(): Promise<string> {
  template ??= findOrMakeTemplate();
  return template;
}

async function findOrMakeTemplate(): Promise<string> {
  const folder = join(tmpdir(), `godwit-pglite-template-${await pgliteVersion()}`);
  if (await exists(folder)) return folder;
  const { PGlite } = await import('@electric-sql/pglite');
  const made = `${folder}.${randomBytes(4).toString('hex')}`;
  const database = await PGlite.create(made);
  await database.close();
  try {
    // Whoever comes first wins; a rename is all or nothing.
    await rename(made, folder);
  } catch (error) {
    await rm(made, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
  return folder;
}

async function pgliteVersion(): Promise<string> {
  const main = resolvePglite();
  const text = await readFile(join(dirname(main), '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function resolvePglite(): string {
  try {
    return createRequire(import.meta.url).resolve('@electric-sql/pglite');
  } catch (cause) {
    const what = 'The package @electric-sql/pglite is not installed.';
    const next = ['npm install --save-dev @electric-sql/pglite'];
    throw new GodwitError('GODWIT_DRIVER_MISSING', what, { cause, next });
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
