import { exec } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { findMongod } from '../../../src/testing/mongod-binary.ts';
import { installing } from '../../support/installing.ts';
import { npmOnce } from '../support/npm-once.ts';
import { sample } from './guide-project.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/data-migration-system');

let server: TestMongod;
let client: MongoClient;
let db: Db;
let path: string;
let url: string;
let once: (command: string) => string;

beforeAll(async () => {
  server = await startMongod();
  url = server.databaseUrl();
  client = await new MongoClient(url).connect();
  db = client.db();
  path = await mkdtemp(join(tmpdir(), 'godwit guide 2 '));
  await cp(EXAMPLE, path, {
    recursive: true,
    filter: (source) => !/[\\/](node_modules|backup|\.env)$/.test(source.slice(EXAMPLE.length)),
  });
  const manifest = await readFile(join(path, 'package.json'), 'utf8');
  const godwit = JSON.stringify(`file:${ROOT.replace(/[\\/]$/, '')}`);
  await writeFile(join(path, 'package.json'), manifest.replaceAll('"file:../.."', godwit));
  once = npmOnce(path);
  await type('npm install --prefer-offline --no-audit --no-fund', installing());
});

afterAll(async () => {
  await client?.close();
  if (path) await rm(path, { recursive: true, force: true });
  await server?.stop();
});

/** Types a command in the project's folder. */
function type(command: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const foreign = /^(npm_|VITEST|NODE_ENV$|GODWIT_ENV$)/i;
  const clean = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const env = { ...Object.fromEntries(clean), MONGODB_URI: url, ...more };
  return new Promise((resolve, reject) => {
    exec(once(command), { cwd: path, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command}\n${stdout}\n${stderr}`));
      else resolve(stdout + stderr);
    });
  });
}

const files = async (folder: string): Promise<string[]> =>
  (await readdir(join(path, 'migrations', folder))).filter((name) => name.endsWith('.js'));

/** Without indentation: a method stands deeper in its class than on its own. */
const flat = (text: string): string => text.replace(/^\s+/gm, '').trim();

it('has every sample of the guide, as it stands there', async () => {
  const pending = await readdir(join(EXAMPLE, 'migrations/pending'));
  const texts = [
    ...pending.map((name) => readFileSync(join(EXAMPLE, 'migrations/pending', name), 'utf8')),
    readFileSync(join(EXAMPLE, 'schema-change/as-in-the-guide.js'), 'utf8'),
  ].map(flat);
  const names = (
    'add-user-avatar-field add-field-template data-transformation-template schema-change-template ' +
    'seed-data-template backup-example field-operations data-operations index-operations ' +
    'collection-operations always-create-backups batch-processing proper-rollback transaction'
  ).split(' ');
  for (const name of names) {
    const [, text = ''] = /^(?:const MigrationHelper.*\n\n)?([\s\S]*)$/.exec(sample(name)) ?? [];
    expect(
      texts.some((one) => one.includes(flat(text))),
      name,
    ).toBe(true);
  }
});

it('npx godwit test takes them there and back, and tells where a sample has no way back', async () => {
  const mongod = { MONGOMS_SYSTEM_BINARY: await findMongod() };
  const whole = await type('npx godwit test', mongod);
  expect(whole).toContain('13 passed');
  expect(whole).toMatch(/✓ \S+_always-create-backups/);
  // The guide leaves this `down` to the reader: with a number to change it shows.
  const id = '2024-01-16T14-20-00_migrate-phone-number-format';
  const patients = join(path, 'fixtures', id, 'patients.json');
  const before = await readFile(patients, 'utf8');
  await writeFile(patients, '[{ "_id": "ada", "phone": "(555) 010-1234" }]');
  const ended = await type(`npx godwit test ${id} --url ${server.uri}`).catch(String);
  await writeFile(patients, before);
  expect(ended).toContain(`✗ ${id}`);
  expect(ended).toContain('patients: 1 changed of 1 row before up');
});

it('runs the commands of the guide, from npm install on', async () => {
  await type('npm run data');
  const count = (await files('pending')).length;
  expect(await type('node migrations/migrate.js status')).toContain(`${count} pending`);
  await type('npm run migrate:up');
  expect(await files('pending')).toEqual([]);
  expect(await files('completed')).toHaveLength(count);
  expect(await db.collection('migrations').countDocuments({ status: 'applied' })).toBe(count);
  expect(await db.collection('patients').findOne({ name: 'Ada' })).toMatchObject({
    phone: '+15550101234',
  });
  expect(await db.collection('oldappointments').countDocuments()).toBe(30);
  expect(await db.collection('appointments').countDocuments({ userId: 'user190' })).toBe(0);
  // The backup before the run is there, and can be listed.
  expect(await type('npx godwit backup list')).toContain('before up');
  await type('node migrations/migrate.js down');
  expect(await files('pending')).toHaveLength(1);
  await type('node migrations/migrate.js history');
  await type('node migrations/migrate.js list');

  const output = await type('npm run schema-change');
  expect(output).toContain('GODWIT_DUPLICATES');
  expect(output).toContain('"user0@example.com": 2 documents');
  expect(await db.collection('users').countDocuments()).toBe(190);
  await type('npm run migrate:create add-another-field');
  expect((await files('pending')).some((name) => name.endsWith('_add-another-field.js'))).toBe(
    true,
  );
});
