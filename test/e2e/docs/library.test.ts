import { cpSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { pgliteTemplate } from '../../../src/testing/pglite.ts';
import type { TestFolder } from '../support/folder.ts';
import { createProject, ROOT, run } from './project.ts';

const MIGRATIONS = {
  'migrations/001_orders.sql': 'CREATE TABLE orders (id integer);',
  'migrations/002_customers.sql': 'CREATE TABLE customers (id integer);',
  'migrations/003_index.sql': 'CREATE INDEX ON orders (id);',
  'mongo-migrations/001_users.js': `module.exports = {
  version: 1,
  description: 'Create users',
  up: (db) => db.createCollection('users'),
  down: (db) => db.collection('users').drop(),
};
`,
};

/** The folders of the programs' PGlite. */
const DATABASES = ['shop-data', 'old-data'];

let server: TestMongod;
let folder: TestFolder;

beforeAll(async () => {
  server = await startMongod();
  folder = await createProject({ ...MIGRATIONS, ...(await examples()) });
  // What the first program to open it would make, in seconds.
  const template = await pgliteTemplate();
  for (const name of DATABASES) cpSync(template, join(folder.path, name), { recursive: true });
});

afterAll(async () => {
  await folder?.remove();
  await server?.stop();
});

/** The programs in docs/library.md: blocks whose first line is a comment with a file's name. */
async function examples(): Promise<Record<string, string>> {
  const page = await readFile(join(ROOT, 'docs/library.md'), 'utf8');
  const blocks = page.matchAll(/^```js\n\/\/ (\S+\.mjs)\n([\s\S]*?)^```/gm);
  return Object.fromEntries([...blocks].map(([, name, text]) => [name, text]));
}

/** In the order of the page: the later ones meet the database of the first. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'plan.mjs': /pending 003_index\n3 pending/,
  'up.mjs': /003_index applied\n1 of 1 applied, 0 remaining/,
  'failures.mjs': /1 applied, then GODWIT_MIGRATION_FAILED[\s\S]*GODWIT_MIGRATION_UNKNOWN 2/,
  'code.mjs': /001_users applied[\s\S]*002_theme applied/,
  'start.mjs': /Starting/,
  'client.mjs': /1 document/,
  'stop.mjs': /GODWIT_STOPPED [12] remaining/,
  'records.mjs':
    /001_orders baseline was there before godwit\n[\s\S]*003_index mark undone by hand/,
  'runner.mjs':
    /1 migration\(s\) completed[\s\S]*1 migration\(s\) rolled back[\s\S]*⏳ 1: Create users/,
};

describe('the programs in docs/library.md', () => {
  it('are all run here', async () => {
    expect(Object.keys(await examples()).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.entries(EXPECTED))('%s does what the page says', async (file, expected) => {
    const { code, output } = await run(folder.path, process.execPath, [file], {
      MONGODB_URI: server.databaseUrl(),
    });
    expect(output).toMatch(expected);
    expect(code).toBe(0);
  });
});
