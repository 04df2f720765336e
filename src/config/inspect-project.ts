import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { familyOfFolders, packagesOf } from './folder-kind.ts';

/** What a project already has, as far as `init` wants to know. */
export interface ProjectFacts {
  readonly database: 'mongodb' | 'postgres' | undefined;
  readonly typescript: boolean;
  /** Relative; undefined when there is no folder with migrations yet. */
  readonly dir: string | undefined;
  readonly language: 'ts' | 'js' | 'cjs' | 'mjs' | 'sql';
  readonly versions: 'timestamp' | 'number';
  /** Its migrations speak of guide 3's collection. */
  readonly migrationHistory: boolean;
  /** Variables that hold the URL. */
  readonly env: readonly string[];
  /** Its package.json says `"type": "module"`. */
  readonly isModule: boolean;
  /** Asked for; never found. */
  readonly layout?: 'classes' | undefined;
  /** In words, for people. */
  readonly found: readonly string[];
}

const FOLDERS = [
  'migrations',
  'supabase/migrations',
  'db/migrations',
  'database/migrations',
  'server/migrations',
  'src/migrations',
  'backend/migrations',
];
const VARIABLES = {
  mongodb: ['MONGODB_URI', 'MONGODB_LOCAL_URI', 'MONGODB_URL', 'MONGO_URI', 'MONGO_URL'],
  postgres: ['DATABASE_URL', 'POSTGRES_URL', 'SUPABASE_DB_URL', 'PG_URL'],
} as const;

/** Looks at dependencies, folders, existing migrations and `.env` files. Writes nothing. */
export async function inspectProject(root: string): Promise<ProjectFacts> {
  const packages = await packagesOf(root);
  const folder = await existingFolder(root);
  const supabase = await exists(join(root, 'supabase'));
  const typescript = packages.includes('typescript') || (await exists(join(root, 'tsconfig.json')));
  const database =
    (await databaseOf(root, folder, packages)) ?? (supabase ? 'postgres' : undefined);
  const language = languageOf(folder?.files ?? [], database, typescript);
  const texts = await Promise.all(
    (folder?.files ?? []).slice(0, 50).map((file) => text(join(root, folder?.dir ?? '', file))),
  );
  const facts = {
    database,
    typescript,
    dir: folder?.dir ?? (supabase ? 'supabase/migrations' : undefined),
    language,
    versions: versionsOf(folder?.files ?? []),
    migrationHistory:
      database === 'mongodb' && texts.some((body) => /['"`]migrationHistory['"`]/.test(body)),
    isModule: /"type"\s*:\s*"module"/.test(await text(join(root, 'package.json'))),
    env: database === undefined ? [] : await variablesOf(root, database, supabase),
  };
  return { ...facts, found: inWords(packages, facts, folder?.files.length ?? 0, supabase) };
}

interface Folder {
  readonly dir: string;
  /** Those that begin with a number. */
  readonly files: readonly string[];
}

async function existingFolder(root: string): Promise<Folder | undefined> {
  let empty: Folder | undefined;
  for (const dir of FOLDERS) {
    const names = await readdir(join(root, dir)).catch(() => undefined);
    if (names === undefined) continue;
    const files = names
      .filter((name) => /^\d+.*\.(sql|[mc]?[jt]s)$/.test(name) && !name.endsWith('.d.ts'))
      .sort();
    if (files.length > 0) return { dir, files };
    empty ??= { dir, files };
  }
  return empty;
}

async function databaseOf(
  root: string,
  folder: Folder | undefined,
  packages: readonly string[],
): Promise<ProjectFacts['database']> {
  const family = folder && (await familyOfFolders([join(root, folder.dir)]));
  if (family !== undefined) return family === 'mongodb' ? 'mongodb' : 'postgres';
  if (packages.some((name) => name === 'mongoose' || name === 'mongodb')) return 'mongodb';
  const sql = ['pg', '@supabase/supabase-js', 'postgres'];
  return packages.some((name) => sql.includes(name)) ? 'postgres' : undefined;
}

/** As most of the files there are; else what suits the database. */
function languageOf(
  files: readonly string[],
  database: ProjectFacts['database'],
  typescript: boolean,
): ProjectFacts['language'] {
  for (const language of ['sql', 'ts', 'js', 'cjs', 'mjs'] as const) {
    if (files.filter((file) => file.endsWith(`.${language}`)).length * 2 > files.length)
      return language;
  }
  if (database !== 'mongodb') return 'sql';
  return typescript ? 'ts' : 'js';
}

function versionsOf(files: readonly string[]): ProjectFacts['versions'] {
  const digits = files.map((file) => /^\d+/.exec(file)?.[0].length ?? 0);
  return digits.length > 0 && Math.max(...digits) < 8 ? 'number' : 'timestamp';
}

async function variablesOf(
  root: string,
  database: 'mongodb' | 'postgres',
  supabase: boolean,
): Promise<string[]> {
  const files = ['.env', '.env.local', '.env.example', '.env.sample'];
  const all = (await Promise.all(files.map((file) => text(join(root, file))))).join('\n');
  const named = VARIABLES[database].filter((name) =>
    new RegExp(`^\\s*(export\\s+)?${name}\\s*=`, 'm').test(all),
  );
  const own = named.length > 0 ? named : [VARIABLES[database][0]];
  // It stands for the project's reference and password, too.
  return supabase && database === 'postgres' ? [...new Set([...own, 'SUPABASE_DB_URL'])] : own;
}

function inWords(
  packages: readonly string[],
  facts: Omit<ProjectFacts, 'found'>,
  count: number,
  supabase: boolean,
): string[] {
  const drivers = ['mongoose', 'mongodb', 'pg', '@supabase/supabase-js', '@electric-sql/pglite'];
  const words = drivers
    .filter((name) => packages.includes(name))
    .map((name) => `${name} in package.json`);
  if (supabase) words.push('a supabase folder');
  if (facts.typescript) words.push('TypeScript');
  if (count > 0) words.push(`${count} ${count === 1 ? 'migration' : 'migrations'} in ${facts.dir}`);
  if (facts.migrationHistory) words.push('a collection migrationHistory in the migrations');
  return words;
}

async function text(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
