import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport, SetupReport } from '../../../src/app/reports.ts';
import { createMigrator } from '../../../src/index.ts';
import { startMongod } from '../../../src/testing/mongod.ts';
import { startPostgres } from '../../../src/testing/postgres.ts';
import { among, rounds } from '../../support/rounds.ts';
import { runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const USERS = 20_000;

interface Bench {
  create(): Promise<string>;
  readonly migration: [string, string];
  count(url: string): Promise<number>;
  stop(): Promise<void>;
}

async function mongo(replicaSet: boolean): Promise<Bench> {
  const server = await startMongod({ replicaSet });
  return {
    create: async () => server.databaseUrl(),
    migration: [
      '001_users.cjs',
      "exports.up = (db) => db.createCollection('users').then((c) => c.createIndex({ email: 1 }));\nexports.idempotent = true;\n",
    ],
    async count(url) {
      const client = await new MongoClient(url).connect();
      return client
        .db()
        .collection('users')
        .countDocuments()
        .finally(() => client.close());
    },
    stop: () => server.stop(),
  };
}

async function postgres(): Promise<Bench> {
  const server = await startPostgres();
  return {
    create: () => server.createDatabase(),
    migration: ['001_users.sql', 'create table users (email text unique, age int);\n'],
    async count(url) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query('select count(*)::int as n from users');
      await client.end();
      return rows[0].n;
    },
    stop: () => server.stop(),
  };
}

const BENCHES: readonly (readonly [string, () => Promise<Bench>])[] = [
  ['a standalone', () => mongo(false)],
  ['a replica set', () => mongo(true)],
  ['postgres', postgres],
];

describe.each(among(BENCHES, (all) => all.slice(1)))('seeds on %s', (_name, open) => {
  let bench: Bench;
  let folder: TestFolder;
  beforeAll(async () => {
    bench = await open();
    const line = (n: number) => JSON.stringify({ email: `u${n}@example.com`, age: n % 90 });
    const head = JSON.stringify({ $seed: { collection: 'users', key: 'email' } });
    const lines = [head, ...Array.from({ length: USERS }, (_, n) => line(n))];
    const record = { collection: 'users', key: 'email', records: [{ email: 'last', age: 1 }] };
    const [file, text] = bench.migration;
    folder = await createFolder({
      [`migrations/${file}`]: text,
      'seeds/001_many.jsonl': `${lines.join('\n')}\n`,
      'seeds/002_last.json': JSON.stringify({ ...record, dependsOn: ['001_many'] }),
    });
  });
  afterAll(async () => {
    await folder.remove();
    await bench.stop();
  });

  it('survive kill -9 at any moment: the next one finishes, and nothing is there twice', async () => {
    for (let round = 0; round < rounds(3, 60); round++) {
      const url = await bench.create();
      const where = ['--url', url];
      const migrator = createMigrator({ root: folder.path, url });
      expect((await migrator.up()).summary.applied).toBe(1);
      const running = startCli(['seed', ...where], { cwd: folder.path });
      await Promise.race([sleep(250 + Math.random() * 1500), running.done]);
      running.kill('SIGKILL');
      await running.done;
      const wait = ['--lock-timeout', '30s'];
      const again = await runJson<RunReport>(['seed', ...where, ...wait], { cwd: folder.path });
      expect([again.code, again.json.summary.remaining], JSON.stringify(again.json)).toEqual([
        0, 0,
      ]);
      expect(await bench.count(url)).toBe(USERS + 1);
      const { seeds } = await migrator.status();
      expect(seeds).toMatchObject({ applied: 2, pending: 0, interrupted: 0 });
      await migrator.close();
    }
  });

  it('are run once by two that begin at the same time', async () => {
    const url = await bench.create();
    const setup = () => runJson<SetupReport>(['setup', '--url', url], { cwd: folder.path });
    const both = await Promise.all([setup(), setup()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const applied = both.map(({ json }) => json.seeds?.summary.applied ?? 0);
    expect(applied[0]).not.toBe(undefined);
    expect(applied.reduce((sum, n) => sum + n, 0)).toBe(2);
    expect(await bench.count(url)).toBe(USERS + 1);
  });
});
