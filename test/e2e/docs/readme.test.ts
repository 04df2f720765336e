import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import type { TestFolder } from '../support/folder.ts';
import { createProject, type Ended, ROOT, run } from './project.ts';

let mongod: TestMongod;
let postgres: TestPostgres;
let blocks: readonly string[];
const folders: TestFolder[] = [];

beforeAll(async () => {
  [mongod, postgres] = await Promise.all([startMongod({ replicaSet: false }), startPostgres()]);
  const page = await readFile(join(ROOT, 'README.md'), 'utf8');
  blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
});

afterAll(async () => {
  for (const folder of folders) await folder.remove();
  await mongod?.stop();
  await postgres?.stop();
});

/** Types a block of the page into a shell, with the URL of a server that is there. */
async function type(sign: string, url: string): Promise<Ended> {
  const block = blocks.find((text) => text.includes(sign)) ?? '';
  expect(block).not.toBe('');
  const folder = await createProject({ 'package.json': '{}' });
  folders.push(folder);
  const script = block.replace(/(export \w+=).*/, (_, name: string) => `${name}'${url}'`);
  return run(folder.path, 'bash', ['-e', '-c', script]);
}

describe.skipIf(process.platform === 'win32')('the first minute in README.md', () => {
  it('on PostgreSQL', async () => {
    const { code, output } = await type('DATABASE_URL', await postgres.createDatabase());
    expect(code, output).toBe(0);
    expect(output).toMatch(/Up: 1 migration[\s\S]*✓ 001_users[\s\S]*1 applied/);
  });

  it('on MongoDB', async () => {
    const { code, output } = await type('MONGODB_URI', mongod.databaseUrl());
    expect(code, output).toBe(0);
    expect(output).toMatch(/001_users +applied[\s\S]*001_users +reverted/);
  });

  it('on PGlite, and from a program', async () => {
    const folder = await createProject({
      'migrations/001_users.sql': 'CREATE TABLE users (id bigint PRIMARY KEY);',
    });
    folders.push(folder);
    const { code, output } = await run(folder.path, 'npx', [
      'godwit',
      'up',
      '--url',
      'pglite:data',
    ]);
    expect(code, output).toBe(0);
    const page = await readFile(join(ROOT, 'README.md'), 'utf8');
    const [, program = ''] = /^```js\n([\s\S]*?)^```/m.exec(page) ?? [];
    await folder.write({ 'up.mjs': `${program}console.log(summary);` });
    const again = await run(folder.path, process.execPath, ['up.mjs'], {
      DATABASE_URL: 'pglite:data',
    });
    expect(again.output).toMatch(/applied: 0/);
  });
});
