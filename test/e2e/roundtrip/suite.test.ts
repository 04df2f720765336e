import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeMigrations, startMongod, type TestMongod } from '../../../src/testing/index.ts';
import { findMongod } from '../../../src/testing/mongod-binary.ts';
import { godwit } from '../../cli/terminal.ts';

const CALMSCORES = { calmscores: [{ _id: 1, userId: 'u', stressors: ['noise'] }] };
const FIXTURES = {
  '002_add_schema_version': { users: [{ _id: 1, email: 'ann@example.com' }] },
  // The application made this collection: without it, 003 leaves it behind.
  '003_add_calm_score_indexes': CALMSCORES,
};

vi.stubEnv('MONGOMS_SYSTEM_BINARY', await findMongod());
const folder = await mkdtemp(resolve('node_modules', '.godwit-suite-'));
/** The example without its own fixtures. */
const NEURONAV = join(folder, 'neuronav');
await cp(resolve('examples/neuronav'), NEURONAV, {
  recursive: true,
  filter: (source) => !/(node_modules|fixtures|\.env|\.godwit)$/.test(source.slice(-12)),
});
await describeMigrations({ describe, it }, { root: NEURONAV, fixtures: FIXTURES });

let server: TestMongod;
beforeAll(async () => {
  server = await startMongod();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('is a command, whose exit code tells', async () => {
  const line = ['test', '--url', server.uri, '003_add_calm_score_indexes'];
  const text = await godwit(line, { cwd: NEURONAV, env: {} });
  expect(text.code).toBe(1);
  expect(text.out).toContain('✗ 003_add_calm_score_indexes');
  expect(text.out).toContain('collection calmscores was not there before up, and down left it');
  const played = await godwit(['test', '1', '--json', '--url', server.uri], {
    ...{ cwd: NEURONAV, env: {} },
  });
  expect(played.code).toBe(0);
  expect(played.json()).toMatchObject({
    migrations: [{ id: '001_create_users_collection', status: 'passed', differences: [] }],
    summary: { passed: 1, failed: 0, irreversible: 0, skipped: 0 },
  });
});

it('registers with node:test what passes and what does not', async () => {
  await build({
    entryPoints: ['src/testing/index.ts'],
    outfile: join(folder, 'testing.js'),
    ...{ bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'silent' },
  });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(
    join(folder, 'migrations.test.js'),
    `import { describe, it } from 'node:test';
    import { describeMigrations } from './testing.js';
    await describeMigrations({ describe, it }, ${JSON.stringify({ root: NEURONAV, url: server.uri, ids: ['001_create_users_collection', '003_add_calm_score_indexes'] })});`,
  );
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const args = ['--test', '--test-reporter=tap', join(folder, 'migrations.test.js')];
  const done = await promisify(execFile)(process.execPath, args, { env }).catch((error) => error);
  expect(done.code).toBe(1);
  expect(done.stdout).toMatch(/^ *ok 1 - 001_create_users_collection: up, down and up again/m);
  expect(done.stdout).toMatch(/^ *not ok 2 - 003_add_calm_score_indexes/m);
  expect(done.stdout).toContain('collection calmscores was not there before up');
});
