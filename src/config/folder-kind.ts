// By this name they are loaded when they are called, which is seldom.
import { type Dirent, promises } from 'node:fs';
import { join } from 'node:path';

/** Which family of databases a project's migrations are written for. */
export type DatabaseFamily = 'sql' | 'mongodb';

const CODE = /\.[mc]?[jt]s$/;
const SPEAKS_MONGODB =
  /\bcollection\(|createCollection|\bmongoose\b|MongoClient|MongoContext|ctx\.db\b|from 'mongodb'/;
const SPEAKS_SQL = /\.query\(|\bpgm\b|PostgresContext|CREATE TABLE|ALTER TABLE/i;
const MONGODB_PACKAGES = ['mongoose', 'mongodb'];
const SQL_PACKAGES = ['pg', '@electric-sql/pglite', 'postgres', '@supabase/supabase-js'];

/**
 * Looks at the migrations in the folders, then at the project's dependencies.
 *
 * @returns undefined when they do not decide it
 */
export async function familyOf(
  dirs: readonly string[],
  root: string,
): Promise<DatabaseFamily | undefined> {
  return (await familyOfFolders(dirs)) ?? (await familyOfPackage(root));
}

/** By the migrations alone: SQL files, or what the code calls. */
export async function familyOfFolders(
  dirs: readonly string[],
): Promise<DatabaseFamily | undefined> {
  const files = (await Promise.all(dirs.map((dir) => filesIn(dir, 2)))).flat();
  if (files.some((file) => file.endsWith('.sql'))) return 'sql';
  for (const file of files.filter((name) => CODE.test(name)).slice(0, 20)) {
    const text = await promises.readFile(file, 'utf8').catch(() => '');
    if (SPEAKS_MONGODB.test(text)) return 'mongodb';
    if (SPEAKS_SQL.test(text)) return 'sql';
  }
  return undefined;
}

async function familyOfPackage(root: string): Promise<DatabaseFamily | undefined> {
  const packages = new Set(await packagesOf(root));
  const mongodb = MONGODB_PACKAGES.some((name) => packages.has(name));
  const sql = SQL_PACKAGES.some((name) => packages.has(name));
  if (mongodb === sql) return undefined;
  return mongodb ? 'mongodb' : 'sql';
}

/** Names of all dependencies in a folder's package.json; none when it cannot be read. */
export async function packagesOf(root: string): Promise<string[]> {
  try {
    const manifest: unknown = JSON.parse(
      await promises.readFile(join(root, 'package.json'), 'utf8'),
    );
    const { dependencies, devDependencies, peerDependencies } = manifest as Record<string, object>;
    return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies });
  } catch {
    return [];
  }
}

/** Only files whose name begins with a digit: the rest are no migrations. */
async function filesIn(dir: string, depth: number): Promise<string[]> {
  const entries: Dirent[] = await promises.readdir(dir, { withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && /^[0-9VUR]/.test(entry.name))
    .map((entry) => join(dir, entry.name));
  if (depth === 0) return files;
  const folders = entries.filter(
    (entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name),
  );
  const deeper = await Promise.all(
    folders.map((entry) => filesIn(join(dir, entry.name), depth - 1)),
  );
  return [...files, ...deeper.flat()];
}
