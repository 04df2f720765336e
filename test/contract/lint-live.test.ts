import { MongoClient } from 'mongodb';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../src/app/create-migrator.ts';
import type { LintReport } from '../../src/app/reports.ts';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';

const severities = ({ findings }: LintReport): string[] =>
  findings.map(({ code, severity, where }) => `${where.id} ${severity} ${code}`);

describe('sizes of a PostgreSQL that is connected', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded', settings: { jit: 'off' } });
  });
  afterAll(() => server?.stop());

  it('decide how dangerous it is; a read-only user is enough, and nothing is written', async () => {
    const url = await server.createDatabase();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`create table small (a int); insert into small select generate_series(1, 200);
        create table large (a int); create table parts (a int) partition by range (a);
        create table part1 partition of parts for values from (0) to (2000000);
        insert into parts select generate_series(1, 1200000);
        insert into large select generate_series(1, 1200000);
        analyze small; analyze large; analyze part1;
        create role reader login password 'reader'; grant pg_read_all_data to reader`);
      const root = await project({
        'migrations/001_small.sql': 'create index i on small (a);',
        'migrations/002_large.sql': 'create index j on public.large (a);',
        'migrations/003_new.sql': 'create index k on new (a);',
        'migrations/004_parts.sql': 'update parts set a = 1;',
      });
      const reader = new URL(url);
      [reader.username, reader.password] = ['reader', 'reader'];
      const config = { lint: { rules: { GODWIT_LINT_NO_WAY_BACK: 'off' as const } } };
      await using migrator = createMigrator({ root, config, url: reader.href });
      const report = await migrator.lint();
      expect(severities(report)).toEqual([
        '001_small info squawk/require-concurrent-index-creation',
        '002_large error squawk/require-concurrent-index-creation',
        '003_new info squawk/require-concurrent-index-creation',
        '004_parts error GODWIT_LINT_LARGE_TABLE',
      ]);
      expect(report.findings[0]?.message).toMatch(/small has about 200 rows/);
      expect(report.findings[3]?.message).toMatch(/about 1\.2 million rows, \d+ MB/);
      const { rows } = await client.query("select 1 from pg_namespace where nspname = 'godwit'");
      expect(rows).toEqual([]);

      // What is applied is left alone, unless it is asked for.
      await using writer = createMigrator({ root, config, url });
      await writer.up({ only: '001' });
      expect(severities(await writer.lint())[0]).toMatch(/^002/);
      expect(severities(await writer.lint({ all: true }))[0]).toMatch(/^001/);
      expect(severities(await writer.lint({ targets: ['1'] }))[0]).toMatch(/^001/);
    } finally {
      await client.end();
    }
  });
});

describe('counts of a MongoDB that is connected', () => {
  let server: Awaited<ReturnType<typeof startMongod>>;
  beforeAll(async () => {
    server = await startMongod();
  });
  afterAll(() => server?.stop());

  it('tell an updateMany of everything from a small one', async () => {
    const url = server.databaseUrl();
    const client = await new MongoClient(url).connect();
    try {
      const visits = client.db().collection('visits');
      await visits.insertMany(Array.from({ length: 10_001 }, (_, n) => ({ n })));
      await client.db().createCollection('looks', { viewOn: 'visits', pipeline: [] });
      await client.db().collection('roles').insertOne({ n: 1 });
    } finally {
      await client.close();
    }
    const file = (name: string): string =>
      `exports.up = (db) => db.collection('${name}').updateMany({}, { $set: { a: 1 } });\nexports.down = async () => {};\n`;
    const root = await project({
      'migrations/001_visits.cjs': file('visits'),
      'migrations/002_roles.cjs': file('roles'),
      'migrations/003_looks.cjs': file('looks'),
    });
    await using migrator = createMigrator({ root, config: false, url });
    expect(severities(await migrator.lint())).toEqual([
      '001_visits warning GODWIT_LINT_UNFILTERED',
    ]);
  });
});
