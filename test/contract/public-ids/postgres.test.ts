import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../../src/app/options.ts';
import type { Migrator } from '../../../src/app/types.ts';
import { defineIds } from '../../../src/ids/index.ts';
import {
  hasSystemPostgres,
  startPostgres,
  type TestPostgres,
} from '../../../src/testing/postgres.ts';
import { type OpenPglite, openPglite } from '../../support/pglite.ts';
import { cleanUp, killAtRandom } from './kit.ts';

interface Place {
  readonly name: string;
  create(): Promise<string>;
  /** How a migrator gets there. */
  connect(url: string): Promise<Pick<MigratorOptions, 'url' | 'client'>>;
  query(url: string, text: string): Promise<Record<string, unknown>[]>;
}

const servers: TestPostgres[] = [];
let pglite: Promise<OpenPglite> | undefined;
afterAll(async () => {
  for (const server of servers) await server.stop();
  await (await pglite)?.close();
  await cleanUp();
});

function server(name: string, start: () => Promise<TestPostgres>): Place {
  let started: Promise<TestPostgres> | undefined;
  return {
    name,
    async create() {
      started ??= start().then((one) => {
        servers.push(one);
        return one;
      });
      return (await started).createDatabase();
    },
    connect: async (url) => ({ url }),
    async query(url, text) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        const result = await client.query(text);
        return (Array.isArray(result) ? result.at(-1) : result).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** One instance for all tests: to open one takes longer than most of them. */
const instance = (): Promise<OpenPglite> => {
  pglite ??= openPglite();
  return pglite;
};
const embedded: Place = {
  name: 'pglite',
  async create() {
    await (await instance()).empty();
    return 'memory';
  },
  connect: async () => ({ client: (await instance()).client }),
  async query(_url, text) {
    const { client } = await instance();
    return ((await client.exec(text)).at(-1)?.rows ?? []) as Record<string, unknown>[];
  },
};

const PLACES = [
  ...(hasSystemPostgres()
    ? [server('postgres of the system', () => startPostgres({ version: 'system' }))]
    : []),
  server('postgres 18', () => startPostgres({ version: 'embedded' })),
  embedded,
];

const registry = defineIds({
  patients: 'pat',
  appointments: 'apt',
  'app.notes': 'nte',
  gone: 'gon',
});
const TABLES = `
  create schema app;
  create table patients (id int primary key, public_id text);
  insert into patients select i from generate_series(1, 300) i;
  update patients set public_id = 'pat_kept' || id where id <= 20;
  create table appointments (id uuid primary key default gen_random_uuid(), public_id text unique not null);
  insert into appointments (public_id) values ('apt_one');
  create table app.notes (id bigserial primary key, public_id text);
  insert into app.notes (id) select i from generate_series(1, 50) i;
`;
const LEFT = `select i.relname as index, a.attnotnull as required,
    (select pg_catalog.count(*) from pg_constraint c where c.conrelid = t.oid and c.contype = 'c')::int as checks
  from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attname = 'public_id'
  left join pg_index x on x.indrelid = t.oid and x.indisunique and x.indisvalid and x.indkey[0] = a.attnum
  left join pg_class i on i.oid = x.indexrelid
  where t.relname = 'patients'`;

describe.each(PLACES)('public ids on $name', (place) => {
  let url: string;
  let migrator: Migrator | undefined;
  const open = async (options: MigratorOptions = {}) => {
    await migrator?.close();
    migrator = createMigrator({
      ...(await place.connect(url)),
      config: false,
      publicIds: registry,
      ...options,
    });
    return migrator;
  };
  const query = async (text: string) => {
    await migrator?.close();
    migrator = undefined;
    return place.query(url, text);
  };
  const prepare = async (more = '') => {
    url = await place.create();
    await place.query(url, `${TABLES}${more}`);
  };
  afterAll(() => migrator?.close());

  it('looks with dryRun, writes nothing; then does what is missing, and nothing twice', async () => {
    await prepare();
    const look = await (await open()).backfill.publicIds({ dryRun: true });
    expect(look).toMatchObject({
      dryRun: true,
      summary: { tables: 4, missing: 330, filled: 0, absent: 1 },
    });
    expect(look.tables.map(({ table, status, actions }) => [table, status, ...actions])).toEqual([
      ['patients', 'planned', 'unique-index', 'backfill', 'not-null'],
      ['appointments', 'complete'],
      ['app.notes', 'planned', 'unique-index', 'backfill', 'not-null'],
      ['gone', 'absent'],
    ]);
    const schemas = await query(`select 1 from pg_namespace where nspname = 'godwit'`);
    expect(schemas).toHaveLength(0);

    const report = await (await open()).backfill.publicIds();
    expect(report.error).toBeUndefined();
    expect(report.summary).toMatchObject({ filled: 330, collisions: 0 });
    const rows = await query('select id, public_id as text from patients order by id');
    expect(rows).toHaveLength(300);
    for (const { id, text } of rows) {
      if (Number(id) <= 20) expect(text).toBe(`pat_kept${id}`);
      else expect(registry.parse('patients', text).kind).toBe('cuid2');
    }
    expect(await query(LEFT)).toEqual([
      { index: 'patients_public_id_unique', required: true, checks: 0 },
    ]);
    const again = await (await open()).backfill.publicIds();
    expect(again.tables.map(({ status }) => status)).toEqual([
      'complete',
      'complete',
      'complete',
      'absent',
    ]);
    const found = await (await open()).validate();
    expect(found.findings.filter(({ code }) => code.includes('PUBLIC_ID'))).toEqual([]);
  });

  it('draws again what another row has', async () => {
    await prepare();
    const short = defineIds({ patients: 'pat' }, { length: 2 });
    const report = await (await open({ publicIds: short })).backfill.publicIds({ chunk: 60 });
    expect(report.error).toBeUndefined();
    expect(report.summary.filled).toBe(280);
    expect(report.summary.collisions).toBeGreaterThan(0);
    const [row] = await query('select count(distinct public_id)::int as n from patients');
    expect(row).toEqual({ n: 300 });
  });

  it('takes tables, legacy cuids, constraints, and leaves the column nullable', async () => {
    await prepare();
    const report = await (await open()).backfill.publicIds({
      tables: ['patients'],
      legacy: true,
      required: false,
      constraints: true,
    });
    expect(report.error).toBeUndefined();
    expect(report.tables.map(({ table }) => table)).toEqual(['patients']);
    const [row] = await query(`select public_id from patients where id = 300`);
    expect(registry.parse(row?.['public_id']).kind).toBe('cuid');
    expect(await query(LEFT)).toEqual([
      { index: 'patients_public_id_unique', required: false, checks: 1 },
    ]);
    await expect(query(`insert into patients values (301, 'apt_wrong')`)).rejects.toThrow(
      /patients_public_id_format/,
    );
    await expect((await open()).backfill.publicIds({ tables: ['nobody'] })).rejects.toMatchObject({
      code: 'GODWIT_PUBLIC_IDS_INVALID',
    });
  });

  it('refuses before it begins, and says what stands in the way', async () => {
    await prepare(`alter table appointments drop column public_id;
      update patients set public_id = 'pat_twice' where id in (1, 2);`);
    await expect((await open()).backfill.publicIds()).rejects.toThrow(
      /appointments has no column public_id: alter table/,
    );
    const report = await (await open()).backfill.publicIds({ tables: ['patients', 'app.notes'] });
    expect(report.error).toMatchObject({
      code: 'GODWIT_PUBLIC_ID_CONFLICT',
      message: expect.stringContaining('pat_twice (2 rows)'),
    });
    expect(report.tables.map(({ status }) => status)).toEqual(['failed', 'waiting']);
    expect(await query(LEFT)).toEqual([{ index: null, required: false, checks: 0 }]);
    await expect((await open({ publicIds: {} })).backfill.publicIds()).rejects.toThrow(
      /no registry/,
    );
  });

  it.runIf(place.name === 'postgres 18')('goes on after it was killed anywhere', async () => {
    await prepare(`insert into patients select i from generate_series(301, 4000) i;`);
    await killAtRandom(url, ['patients', 'app.notes']);
    const report = await (await open()).backfill.publicIds();
    expect(report.error).toBeUndefined();
    const [row] = await query(
      'select count(*)::int as n, count(distinct public_id)::int as ids from patients',
    );
    expect(row).toEqual({ n: 4000, ids: 4000 });
    expect(await query(LEFT)).toEqual([
      { index: 'patients_public_id_unique', required: true, checks: 0 },
    ]);
    const [kept] = await query(`select public_id from patients where id = 20`);
    expect(kept).toEqual({ public_id: 'pat_kept20' });
  });
});
