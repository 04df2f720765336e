import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../src/app/options.ts';
import type { Migrator } from '../../src/app/types.ts';
import { GodwitError } from '../../src/errors.ts';
import type { GodwitEvent } from '../../src/events.ts';
import { createFolder, type TestFolder } from '../e2e/support/folder.ts';
import { SEED_DATABASES, type SeedDatabase } from './seed-databases.ts';

/** The same promises about seeds, kept on every database. */
describe.each(SEED_DATABASES)('seeds on %s', (_name, open) => {
  let database: SeedDatabase;
  let url: string;
  let folder: TestFolder;
  let opened: Migrator[];

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    opened = [];
    url = await database.create();
    const [file, text] = database.schema;
    folder = await createFolder({ [`migrations/${file}`]: text });
  });
  afterEach(async () => {
    await closeAll();
    await folder.remove();
  });

  function migrator(options: MigratorOptions = {}): Migrator {
    const made = createMigrator({
      ...database.connect(url),
      root: folder.path,
      processEnv: {},
      ...options,
    });
    opened.push(made);
    return made;
  }

  async function closeAll(): Promise<void> {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  }

  async function users(): Promise<Record<string, unknown>[]> {
    return database.users(url);
  }

  async function mirrored(): Promise<unknown[]> {
    return (await database.mirrored(url)).map(({ name }) => name);
  }

  async function seeds(files: Readonly<Record<string, string>>): Promise<void> {
    await folder.write(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`seeds/${name}`, text])),
    );
  }

  async function errorOf(work: Promise<unknown>): Promise<GodwitError> {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown instanceof GodwitError) return thrown;
    throw new Error(`expected a GodwitError, got ${String(thrown)}`);
  }

  const ran = (report: { readonly runs: readonly { id: string; status: string }[] }): string[] =>
    report.runs.map(({ id, status }) => `${id} ${status}`);

  const JSON_SEED = JSON.stringify({
    collection: 'users',
    key: 'email',
    records: [
      { email: 'ada@example.com', name: 'Ada', age: 36 },
      { email: 'bob@example.com', name: 'Bob' },
    ],
  });

  it('sets up from nothing, and has nothing to do the second time', async () => {
    await seeds({ '001_users.json': JSON_SEED });
    const one = migrator();
    const first = await one.setup();
    expect(ran(first.migrations)).toEqual(['001_users applied']);
    expect(first.seeds && ran(first.seeds)).toEqual(['001_users applied']);
    const second = await one.setup();
    expect([second.migrations.runs, second.seeds?.runs]).toEqual([[], []]);
    const status = await one.status();
    expect(status.migrations.map(({ id, kind, state }) => `${kind} ${id} ${state}`)).toEqual([
      'migration 001_users applied',
      'seed 001_users applied',
    ]);
    expect(status.summary.applied).toBe(1);
    expect(status.seeds?.applied).toBe(1);
    const { runs } = await one.history();
    expect(runs.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
      'migration 001_users',
      'seed 001_users',
    ]);
    expect(await users()).toEqual([
      { email: 'ada@example.com', name: 'Ada', age: 36 },
      { email: 'bob@example.com', name: 'Bob' },
    ]);
    expect(await mirrored()).toEqual(['001_users']);
  });

  it('warns where the migrations are all new and the seeds count as done', async () => {
    await seeds({ '001_users.json': JSON_SEED });
    await folder.write({ [`migrations/${database.wayBack[0]}`]: database.wayBack[1] });
    const one = migrator();
    expect((await one.setup()).seeds?.warnings).toEqual([]);
    await one.down({ all: true });
    const again = await one.setup();
    expect(again.seeds?.runs).toEqual([]);
    expect(again.seeds?.warnings).toEqual([
      {
        code: 'GODWIT_SEED_STALE',
        message: expect.stringMatching(/: 001_users\. .*godwit seed --again/),
      },
    ]);
    expect(ran(await one.seed({ again: true }))).toEqual(['001_users applied']);
    expect(await users()).toHaveLength(2);
  });

  it('reads JSON, JSON lines, CSV, JavaScript, TypeScript, and what is registered in code', async () => {
    await seeds({
      '1_list.json': JSON.stringify({ table: 'users', key: 'email', records: [{ email: 'a' }] }),
      '2_lines.jsonl':
        '{"$seed":{"collection":"users","key":"email"}}\n{"email":"b","age":2}\n\n{"email":"c","age":3}\n',
      '3_table.csv':
        '# collection: users\n# key: email\n# types: age=number\nemail,name,age\nd,"D, the 4th",4\ne,,\n',
      '4_code.cjs':
        "exports.run = async (...args) => { const ctx = args.at(-1); await ctx.upsert('users', [{ email: 'f' }], { key: 'email' }); };\n",
      '5_typed.ts':
        "import { defineSeed } from 'godwit';\nconst email: string = 'g';\nexport default defineSeed({ description: 'typed', collection: 'users', key: 'email', records: [{ email }] });\n",
      'helper.js': 'throw new Error("is no seed");\n',
    });
    const report = await migrator({
      seeds: [
        {
          id: '006_registered',
          run: (ctx) => ctx.upsert('users', [{ email: 'h' }], { key: 'email' }),
        },
      ],
    }).setup();
    expect(report.seeds && ran(report.seeds)).toEqual([
      ...['1_list', '2_lines', '3_table', '4_code', '5_typed', '006_registered'].map(
        (id) => `${id} applied`,
      ),
    ]);
    expect(report.seeds?.runs[1]?.result).toEqual({ inserted: 2, updated: 0, unchanged: 0 });
    const found = await users();
    expect(found.map(({ email }) => email).join('')).toBe('abcdefgh');
    expect(found[3]).toEqual({ email: 'd', name: 'D, the 4th', age: 4 });
  });

  it('brings data in line when it is asked to again, and only then', async () => {
    await seeds({ '001_users.json': JSON_SEED });
    await migrator().setup();
    await seeds({ '001_users.json': JSON_SEED.replace('"Ada"', '"Ada Lovelace"') });
    const one = migrator();
    const warned = await one.seed();
    expect(warned.runs).toEqual([]);
    expect(warned.warnings.map(({ code }) => code)).toEqual(['GODWIT_MODIFIED']);
    const again = await one.seed({ only: ['users'], again: true });
    expect(again.runs[0]?.result).toEqual({ inserted: 0, updated: 1, unchanged: 1 });
    expect((await one.seed()).warnings).toEqual([]);
    const [ada] = await users();
    expect(ada?.['name']).toBe('Ada Lovelace');
  });

  it('goes by what seeds depend on, and brings that along', async () => {
    const seed = (email: string, dependsOn: string) =>
      `exports.dependsOn = ${dependsOn};\nexports.run = (...args) => args.at(-1).upsert('users', [{ email: '${email}' }], { key: 'email' });\n`;
    await seeds({
      '001_last.cjs': seed('a', "['003_first']"),
      '002_middle.cjs': seed('b', "['first']"),
      '003_first.cjs': seed('c', '[]'),
    });
    await migrator().up();
    const only = await migrator().seed({ only: ['002_middle'] });
    expect(ran(only)).toEqual(['003_first applied', '002_middle applied']);
    expect(only.summary.remaining).toBe(1);
    expect(ran(await migrator().seed())).toEqual(['001_last applied']);
    await seeds({ '003_first.cjs': seed('c', "['1']") });
    expect((await errorOf(migrator().seed({ again: true }))).message).toMatch(/circle: 001_last/);
    await seeds({ '003_first.cjs': seed('c', "['nobody']") });
    const missing = await errorOf(migrator().seed());
    expect([missing.code, missing.exitCode]).toEqual(['GODWIT_SEED_INVALID', 2]);
    expect((await errorOf(migrator().seed({ only: ['nobody'] }))).message).toContain('nobody');
  });

  it('has seeds of its environment only', async () => {
    const seed = (email: string) =>
      JSON.stringify({ table: 'users', key: 'email', records: [{ email }] });
    await seeds({
      '001_all.json': seed('all'),
      'development/001_dev.json': seed('dev'),
      'test/001_test.json': seed('test'),
    });
    await migrator().up();
    const dev = await migrator().seed();
    expect(ran(dev)).toEqual(['001_all applied', 'development/001_dev applied']);
    const test = migrator({ environment: 'test' });
    expect(ran(await test.seed())).toEqual(['test/001_test applied']);
    const { migrations } = await test.status();
    const states = migrations.filter(({ kind }) => kind === 'seed').map(({ state }) => state);
    expect(states).toEqual(['applied', 'applied']);
  });

  it('makes the same fake data from the same number', async () => {
    await seeds({
      '001_fake.cjs': `const { defineSeed } = require('godwit');
module.exports = defineSeed({ collection: 'users', key: 'email', count: 5, fakeSeed: 7,
  make: ({ faker, index, integer }) => ({ email: \`u\${index}@example.com\`, name: faker.person.fullName(), age: integer(18, 80) }) });\n`,
    });
    await migrator().setup();
    const first = await users();
    expect(first).toHaveLength(5);
    expect(new Set(first.map(({ name }) => name)).size).toBeGreaterThan(1);
    const again = await migrator().seed({ again: true });
    expect(again.runs[0]?.result).toEqual({ inserted: 0, updated: 0, unchanged: 5 });
    expect(await users()).toEqual(first);
  });

  it('stops at a seed that fails, and goes on with it when it is mended', async () => {
    await seeds({
      '001_users.json': JSON_SEED,
      '002_bad.cjs': "exports.run = async () => { throw new Error('no luck'); };\n",
      '003_more.json': JSON_SEED,
    });
    const report = await migrator().setup();
    expect(report.seeds?.summary).toMatchObject({ applied: 1, failed: 1, remaining: 2 });
    const error = report.seeds?.runs[1]?.error;
    expect(error?.where?.file).toContain('seeds/002_bad.cjs');
    expect(error?.next?.[0]).toMatch(/godwit seed$/);
    await seeds({ '002_bad.cjs': 'exports.run = async () => {};\n' });
    expect(ran(await migrator().seed())).toEqual(['002_bad applied', '003_more applied']);
  });

  it('counts what somebody put into the mirror, and says so', async () => {
    await seeds({ '001_users.json': JSON_SEED, '002_more.json': JSON_SEED });
    await migrator().up();
    await migrator().seed({ only: ['001_users'] });
    await database.putIntoMirror(url, '002_more');
    const events: GodwitEvent[] = [];
    const one = migrator();
    one.on((event) => events.push(event));
    const { migrations } = await one.status();
    expect(migrations.at(-1)).toMatchObject({ id: '002_more', state: 'applied' });
    expect((await one.seed()).runs).toEqual([]);
    expect(events).toContainEqual({ type: 'history.imported', mirror: 'seeds', ids: ['002_more'] });
    expect(await mirrored()).toEqual(['001_users', '002_more']);
  });

  it("leaves a collection of the application's own that is called seeds alone", async () => {
    await seeds({ '001_users.json': JSON_SEED });
    await database.makeOwnSeeds(url);
    const one = migrator();
    const events: GodwitEvent[] = [];
    one.on((event) => events.push(event));
    const report = await one.setup();
    expect(report.seeds?.summary.applied).toBe(1);
    expect(events.some((event) => event.type === 'warning')).toBe(true);
    expect((await one.seed()).runs).toEqual([]);
    expect(await database.ownSeeds(url)).toBe(1);
  });

  it('refuses in production, whoever says so, and no flag talks it out of it', async () => {
    await seeds({ '001_users.json': JSON_SEED });
    for (const options of [
      { processEnv: { NODE_ENV: 'production' } },
      { processEnv: { NODE_ENV: 'production' }, environment: 'development' },
      { processEnv: { GODWIT_ENV: 'production' }, environment: 'development' },
      { environment: 'production' },
      { config: { environment: 'production' } },
    ] satisfies MigratorOptions[]) {
      const one = migrator(options);
      expect((await errorOf(one.seed())).code).toBe('GODWIT_PRODUCTION');
      expect((await errorOf(one.setup())).code).toBe('GODWIT_PRODUCTION');
      expect((await errorOf(one.reset({ databaseName: 'x' }))).exitCode).toBe(5);
    }
    const staging = migrator({
      processEnv: { NODE_ENV: 'production', GODWIT_ENV: 'staging' },
    });
    await staging.up();
    expect(ran(await staging.seed())).toEqual(['001_users applied']);
  });

  it('resets a database whose name it was told, and nothing of it is left', async () => {
    await seeds({ '001_users.json': JSON_SEED });
    const one = migrator();
    await one.setup();
    const { database: name } = await one.target();
    expect((await errorOf(one.reset())).code).toBe('GODWIT_RESET_REFUSED');
    expect((await errorOf(one.reset({ databaseName: 'other' }))).code).toBe('GODWIT_RESET_REFUSED');
    const { dropped: would } = await one.reset({ dryRun: true });
    const { dropped } = await one.reset({ databaseName: name });
    expect(dropped.map((each) => each.name)).toEqual(would.map((each) => each.name));
    const names = dropped.map((each) => each.name).join(' ');
    for (const part of ['users', 'seeds', 'godwit']) expect(names).toContain(part);
    expect(await database.objects(url)).toEqual([]);
    const again = await migrator({ resettable: [name] }).setup();
    expect(again.migrations.summary.applied + (again.seeds?.summary.applied ?? 0)).toBe(2);
    await migrator({ resettable: [name] }).reset();
    expect(await database.objects(url)).toEqual([]);
  });

  // One PGlite that a program hands to two migrators has one session, and so no lock of its own.
  it.skipIf(_name === 'pglite')('lets two at once run each seed once', async () => {
    await seeds({ '001_users.json': JSON_SEED, '002_more.json': JSON_SEED });
    const reports = await Promise.all([migrator().setup(), migrator().setup()]);
    const applied = reports.map(({ seeds: done }) => done?.summary.applied ?? 0);
    expect(applied.sort()).toEqual([0, 2]);
    expect(await users()).toHaveLength(2);
  });
});
