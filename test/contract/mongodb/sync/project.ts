import { mkdir, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { createMigrator } from '../../../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../../../src/app/options.ts';
import type { Migrator } from '../../../../src/app/types.ts';
import { startMongod, type TestMongod } from '../../../../src/testing/mongod.ts';
import { createFolder, type TestFolder } from '../../../e2e/support/folder.ts';

/** Installed here under these names; a project has one of them as `mongoose`. */
export const MAJORS = { 7: 'mongoose7', 8: 'mongoose8', 9: 'mongoose' } as const;
export type Major = keyof typeof MAJORS;

const COPIES = Object.values(MAJORS).map(
  (name) => createRequire(import.meta.url)(name) as typeof import('mongoose'),
);

/** A folder with files and a database of its own. */
export interface SyncProject {
  readonly url: string;
  readonly folder: TestFolder;
  readonly db: Db;
  migrator(options?: MigratorOptions): Migrator;
  /** Index documents by name, without what the server adds. */
  indexes(collection: string): Promise<Record<string, unknown>[]>;
}

export interface SyncProjects {
  readonly server: TestMongod;
  open(files: Readonly<Record<string, string>>, major?: Major): Promise<SyncProject>;
  /** Of the test that is over. */
  clean(): Promise<void>;
  stop(): Promise<void>;
}

export async function openProjects(replicaSet = true): Promise<SyncProjects> {
  const server = await startMongod({ replicaSet });
  const client = await new MongoClient(server.uri).connect();
  const folders: TestFolder[] = [];
  const migrators: Migrator[] = [];
  return {
    server,
    async open(files, major = 9) {
      const folder = await createFolder({ 'package.json': '{}', ...files });
      folders.push(folder);
      await mkdir(join(folder.path, 'node_modules'), { recursive: true });
      const target = resolve('node_modules', MAJORS[major]);
      await symlink(target, join(folder.path, 'node_modules', 'mongoose'), 'junction');
      await symlink(resolve('.'), join(folder.path, 'node_modules', 'godwit'), 'junction');
      const url = server.databaseUrl();
      const db = client.db(new URL(url).pathname.slice(1));
      return {
        url,
        folder,
        db,
        migrator(options = {}) {
          const made = createMigrator({ url, root: folder.path, ...options });
          migrators.push(made);
          return made;
        },
        async indexes(collection) {
          const found = await db.collection(collection).listIndexes().toArray();
          return found
            .map(({ v: _version, ns: _ns, background: _background, ...rest }) => rest)
            .sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
        },
      };
    },
    async clean() {
      for (const mongoose of COPIES)
        for (const name of mongoose.modelNames()) mongoose.deleteModel(name);
      await Promise.all(migrators.splice(0).map((one) => one.close()));
      await Promise.all(folders.splice(0).map((one) => one.remove()));
    },
    async stop() {
      await client.close();
      await server.stop();
    },
  };
}

/** The copy of mongoose that a project's own files get. */
export function mongooseOf({ folder }: SyncProject) {
  return createRequire(join(folder.path, 'models', 'x.js'))(
    'mongoose',
  ) as typeof import('mongoose');
}
