import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';
import { godwit, type Play } from './terminal.ts';

const FILES = {
  'migrations/001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY);\n',
  'migrations/001_users.down.sql': 'DROP TABLE users;\n',
  'migrations/002_email.sql': '-- the address\nALTER TABLE users ADD email text;\n',
  'migrations/002_email.down.sql': 'ALTER TABLE users DROP email;\n',
};

let server: TestPostgres;
let cwd: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  cwd = await project(FILES);
  env = { DATABASE_URL: await server.createDatabase() };
});

// biome-ignore lint/suspicious/noExplicitAny: documents are compared, not used
type Json = any;
const play = (line: string, more: Partial<Play> = {}) =>
  godwit(line.split(' '), { cwd, ...more, env: { ...env, ...more.env } });
const json = async (line: string): Promise<Json> => (await play(`${line} --json`)).json();

describe('a database named by the environment', () => {
  it("reads libpq's variables", async () => {
    const { hostname, port, username, pathname } = new URL(env['DATABASE_URL'] ?? '');
    env = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: pathname.slice(1) };
    expect(await play('up')).toMatchObject({ code: 0, err: '' });
    expect((await json('status')).database).toMatchObject({
      driver: 'postgres',
      name: pathname.slice(1),
      host: `${hostname}:${port}`,
    });
  });
});

describe('up, status, down', () => {
  it('tell people what was done, the target first', async () => {
    const up = await play('up');
    expect(up).toMatchObject({ code: 0, err: '' });
    expect(up.out).toMatch(
      /^up → postgres \S+ at 127\.0\.0\.1:\d+ as postgres\n\n {2}✓ 001_users {2}.*\n {2}✓ 002_email {2}.*\n\n {2}2 applied {2}in .*\n$/,
    );
    expect((await play('up')).out).toMatch(/Nothing to do/);
    expect((await play('status')).out).toMatch(/✓ {2}001_users {2}applied/);
    expect((await play('down')).out).toMatch(/✓ 002_email {2}reverted/);
  });

  it('keep the contract of JSON', async () => {
    const up = await play('up --json');
    expect(up.json()).toEqual({
      runs: ['001_users', '002_email'].map((id, index) => ({
        id,
        version: String(index + 1),
        direction: 'up',
        status: 'applied',
        durationMs: expect.any(Number),
      })),
      summary: { applied: 2, reverted: 0, failed: 0, remaining: 0 },
      durationMs: expect.any(Number),
      warnings: [],
    });
    expect(up.err).toMatch(/up → postgres/);
    const status = await json('status');
    expect(status).toMatchObject({
      database: {
        driver: 'postgres',
        name: expect.any(String),
        host: expect.stringMatching(/^127/),
      },
      summary: {
        applied: 2,
        pending: 0,
        running: 0,
        failed: 0,
        interrupted: 0,
        modified: 0,
        missing: 0,
      },
      lock: null,
    });
    expect(Object.keys(status.migrations[0])).toEqual(
      expect.arrayContaining([
        'id',
        'version',
        'name',
        'description',
        'author',
        'kind',
        'state',
        'appliedAt',
        'durationMs',
        'checksum',
        'file',
      ]),
    );
    expect(await json('down --all')).toMatchObject({
      runs: [{ id: '002_email', direction: 'down', status: 'reverted' }, { id: '001_users' }],
      summary: { applied: 0, reverted: 2, failed: 0, remaining: 0 },
    });
    const { runs } = await json('history');
    expect(runs.map((run: Json) => `${run.direction} ${run.id}`)).toEqual([
      'up 001_users',
      'up 002_email',
      'down 002_email',
      'down 001_users',
    ]);
    expect((await json('history 1 --limit 1')).runs).toMatchObject([
      { id: '001_users', direction: 'down' },
    ]);
  });

  it('as lines: every event, then the result', async () => {
    const lines = (await play('up --json-lines')).out
      .trim()
      .split('\n')
      .map((line): Json => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      type: 'target',
      command: 'up',
      target: { driver: 'postgres' },
    });
    expect(lines.filter(({ type }) => type === 'run.ended')).toHaveLength(2);
    expect(lines.at(-1)).toMatchObject({ type: 'result', result: { summary: { applied: 2 } } });
  });

  it('take a target, steps, one alone', async () => {
    expect((await json('up 1')).runs).toHaveLength(1);
    expect((await json('up --only 2')).runs).toMatchObject([{ id: '002_email' }]);
    expect((await json('down 1')).runs).toMatchObject([{ id: '002_email' }]);
    expect((await json('up --steps 1')).summary).toMatchObject({ applied: 1 });
    expect((await json('down --to 1')).runs).toMatchObject([{ id: '002_email' }]);
    const shown = await play('redo --dry-run');
    const [, fingerprint] = /godwit redo --plan (\S+)/.exec(shown.out) ?? [];
    expect((await play(`redo --plan not-${fingerprint}`)).code).toBe(5);
    expect((await json(`redo --plan ${fingerprint}`)).runs).toMatchObject([
      { id: '001_users', status: 'reverted' },
      { id: '001_users', status: 'applied' },
    ]);
  });
});

describe('a failure', () => {
  beforeEach(() =>
    writeFile(join(cwd, 'migrations/003_bad.sql'), '-- bad\nSELECT 1;\nSELECT nope FROM users;\n'),
  );

  it('says where, in what state the database is, and what to type', async () => {
    const { code, out } = await play('up');
    expect(code).toBe(1);
    expect(out).toMatch(/✗ 003_bad {2}failed/);
    expect(out).toMatch(/at migrations\/003_bad\.sql:3:8\n/);
    expect(out).toMatch(/> 3 \| SELECT nope FROM users;\n {8}\| {8}\^\n/);
    expect(out).toMatch(/State {2}.*rolled back/);
    expect(out).toMatch(/2 applied, 1 failed, 1 remaining/);
  });

  it('is in the normal document', async () => {
    const played = await play('up --json');
    expect(played.code).toBe(1);
    expect(played.json<Json>()).toMatchObject({
      runs: [
        {},
        {},
        {
          id: '003_bad',
          status: 'failed',
          error: { code: 'GODWIT_MIGRATION_FAILED', where: { line: 3 } },
        },
      ],
      summary: { applied: 2, failed: 1, remaining: 1 },
    });
    expect(played.err).toMatch(/003_bad\.sql:3:8/);
    expect((await play('status --check')).code).toBe(1);
    expect((await json('show 3')).migration).toMatchObject({
      state: 'failed',
      error: { code: 'GODWIT_MIGRATION_FAILED' },
    });
  });
});

describe('--check', () => {
  it('is 3 for pending work and drift, 0 when all is done', async () => {
    expect((await play('status')).code).toBe(0);
    expect((await play('status --check')).code).toBe(3);
    expect((await play('plan --check')).code).toBe(3);
    await play('up');
    expect((await play('status --check')).code).toBe(0);
    expect((await play('plan --check')).code).toBe(0);
    await rm(join(cwd, 'migrations/002_email.sql'));
    await rm(join(cwd, 'migrations/002_email.down.sql'));
    expect((await play('status --check')).code).toBe(3);
  });
});

describe('a plan', () => {
  it('is what --dry-run shows, and what --plan insists on', async () => {
    const plan = await json('plan');
    expect(plan).toEqual({
      direction: 'up',
      steps: [
        {
          id: '001_users',
          version: '1',
          direction: 'up',
          transaction: 'always',
          reasons: ['pending'],
        },
        {
          id: '002_email',
          version: '2',
          direction: 'up',
          transaction: 'always',
          reasons: ['pending'],
        },
      ],
      problems: [],
      fingerprint: expect.any(String),
    });
    expect(await json('up --dry-run')).toEqual(plan);
    await writeFile(join(cwd, 'migrations/003_c.sql'), 'SELECT 1;');
    expect((await play(`up --plan ${plan.fingerprint}`)).code).toBe(5);
    expect((await json('history')).runs).toEqual([]);
    expect((await play(`up --plan ${(await json('plan')).fingerprint}`)).code).toBe(0);
    expect((await json('plan --direction down --all')).steps).toHaveLength(3);
  });

  it('says which files run in a transaction, and why others do not', async () => {
    await writeFile(
      join(cwd, 'migrations/003_i.sql'),
      'CREATE INDEX CONCURRENTLY i ON users (email);',
    );
    await writeFile(join(cwd, 'migrations/004_d.sql'), '-- godwit: no-transaction\nSELECT 1;');
    await writeFile(join(cwd, 'migrations/005_v.sql'), '-- godwit: transaction\nVACUUM;');
    const { steps, problems, fingerprint } = await json('plan');
    expect(steps.slice(2)).toMatchObject([
      {
        transaction: 'never',
        reasons: ['pending', 'CREATE INDEX CONCURRENTLY cannot run in a transaction (line 1).'],
      },
      { transaction: 'never', reasons: ['pending', 'declared no-transaction'] },
      { transaction: 'always', reasons: ['pending'] },
    ]);
    expect(problems).toMatchObject([
      { code: 'GODWIT_TRANSACTION_REFUSED', severity: 'warning', id: '005_v' },
    ]);
    const { out } = await play('plan');
    expect(out).toMatch(/001_users +in a transaction +pending/);
    expect(out).toMatch(/003_i +statement by statement +pending; CREATE INDEX CONCURRENTLY/);
    expect((await play(`up 4 --plan ${fingerprint}`)).code).toBe(5);
    expect((await play(`up --plan ${fingerprint}`)).code).toBe(1);
    expect((await json('status')).summary).toMatchObject({ applied: 4, failed: 1 });
  });

  it('ends with the command that does exactly this, its limits too', async () => {
    for (const line of ['plan 1', 'plan --steps 1', 'plan --only 001_users', 'up 1 --dry-run']) {
      const command = /Run +godwit (up .*)/.exec((await play(line)).out)?.[1] ?? '';
      expect((await play(command)).code).toBe(0);
      expect((await json('status')).summary).toMatchObject({ applied: 1, pending: 1 });
      const back = /Run +godwit (down .*)/.exec((await play('down --all --dry-run')).out)?.[1];
      expect((await play(back ?? '')).code).toBe(0);
    }
  });

  it('says once what is wrong with a file', async () => {
    await writeFile(join(cwd, 'migrations/02_same.sql'), 'SELECT 1;');
    expect((await json('plan')).problems).toMatchObject([
      { code: 'GODWIT_VERSION_DUPLICATE', severity: 'error' },
    ]);
  });

  it('as SQL has its variables replaced', async () => {
    const text = "INSERT INTO users VALUES (1, '${name}');";
    await writeFile(join(cwd, 'migrations/003_n.sql'), `-- godwit: variables\n${text}`);
    expect((await play('plan --sql --var name=Ada')).out).toContain("VALUES (1, 'Ada')");
    expect((await json('plan')).problems).toMatchObject([{ code: 'GODWIT_VARIABLE_MISSING' }]);
  });

  it('as SQL does by hand what up does, history included', async () => {
    const { out, err } = await play('plan --sql');
    expect(err).toBe('');
    const client = new pg.Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    try {
      // What psql alone understands.
      await client.query(out.replace(/^\\.*$/gm, ''));
    } finally {
      await client.end();
    }
    expect((await json('status')).summary).toMatchObject({ applied: 2, pending: 0 });
  });
});

describe('repair', () => {
  it('accepts, marks and sets a baseline, with a reason', async () => {
    expect(await json('baseline 1 --reason there-already')).toMatchObject({
      records: [{ id: '001_users', status: 'applied' }],
    });
    expect(await json('mark 2 applied --reason by-hand')).toMatchObject({
      records: [{ id: '002_email' }],
    });
    await writeFile(
      join(cwd, 'migrations/001_users.sql'),
      'CREATE TABLE users (id bigint PRIMARY KEY);\n',
    );
    expect((await json('status')).summary).toMatchObject({ modified: 1 });
    expect((await play('up')).code).toBe(5);
    expect((await play('accept 1 --reason fine')).code).toBe(0);
    expect((await json('status')).summary).toMatchObject({ applied: 2 });
    const { runs } = await json('history');
    expect(runs.map((run: Json) => run.reason)).toEqual(['there-already', 'by-hand', 'fine']);
    expect((await play('mark 7 applied')).code).toBe(2);
  });

  it('validate and doctor answer', async () => {
    await play('up');
    expect(await json('validate')).toMatchObject({
      findings: expect.any(Array),
      summary: { error: 0 },
    });
    expect((await json('doctor')).summary.error).toBe(0);
    expect((await play('doctor')).out).toMatch(/✓/);
  });

  it("doctor looks at Supabase's keys, and shows none", async () => {
    const secret = 'sb_secret_notshown';
    env = { ...env, SUPABASE_ANON_KEY: secret, SUPABASE_SECRET_KEY: secret };
    const played = await play('doctor --json');
    const { diagnoses } = played.json<Json>();
    expect(diagnoses.filter(({ code }: Json) => code === 'supabase.key')).toMatchObject([
      { severity: 'error', message: expect.stringContaining('SUPABASE_ANON_KEY') },
      { severity: 'ok', message: expect.stringContaining('SUPABASE_SECRET_KEY') },
    ]);
    const text = await play('doctor');
    expect(text.code).toBe(1);
    expect(text.out).toContain('SUPABASE_ANON_KEY');
    expect(played.out + text.out + text.err).not.toContain('notshown');
  });

  it('status --check sees definitions that changed', async () => {
    await writeFile(join(cwd, 'godwit.config.json'), '{ "definitions": ["views"] }');
    await mkdir(join(cwd, 'views'));
    const view = (text: string) => writeFile(join(cwd, 'views/one.sql'), text);
    await view('create or replace view one as select 1 as n;');
    expect((await play('up')).code).toBe(0);
    expect((await play('status --check')).code).toBe(0);
    await view('create or replace view one as select 2 as n;');
    expect((await play('status --check')).code).toBe(3);
    expect((await json('status')).definitions).toMatchObject([{ collection: 'one' }]);
    expect((await play('up')).code).toBe(0);
    expect((await play('status --check')).code).toBe(0);
  });

  it('backfill public-ids looks first, then gives them', async () => {
    await writeFile(join(cwd, 'godwit.config.json'), '{ "publicIds": { "people": "per" } }');
    await writeFile(
      join(cwd, 'migrations/003_people.sql'),
      'create table people (id int primary key, public_id text); insert into people values (1), (2);',
    );
    expect((await play('up')).code).toBe(0);
    const dry = await json('backfill public-ids --dry-run');
    expect(dry).toMatchObject({ dryRun: true, summary: { missing: 2, filled: 0 } });
    const done = await play('backfill public-ids people');
    expect(done.code, done.out + done.err).toBe(0);
    expect((await json('backfill public-ids')).summary).toMatchObject({ missing: 0, filled: 0 });
    expect((await play('backfill public-ids --again')).code).toBe(2);
  });

  it('unlock finds nothing to do', async () => {
    expect(await json('unlock')).toEqual({ unlocked: false, holder: null });
  });
});

describe('production', () => {
  const production = { env: { NODE_ENV: 'production' } };

  it('asks for the name of the database', async () => {
    await play('up', production);
    const name = new URL(env.DATABASE_URL ?? '').pathname.slice(1);
    for (const line of ['down', 'down --all', 'redo', 'mark 1 pending', 'baseline 1']) {
      const unattended = await play(line, production);
      expect(unattended.code).toBe(5);
      expect(unattended.err).toMatch(/GODWIT_CONFIRMATION_NEEDED/);
      expect(unattended.err).toMatch(/--yes/);
      expect((await play(line, { ...production, typed: ['wrong'] })).code).toBe(5);
    }
    expect((await json('history')).runs).toHaveLength(2);
    const confirmed = await play('down', { ...production, typed: [name] });
    expect(confirmed.out).toContain(`This is production: revert migrations in ${name} at`);
    expect(confirmed.code).toBe(0);
    expect((await play('down --yes', production)).code).toBe(0);
  });
});

describe('several databases', () => {
  it('are done one after the other, or one by name', async () => {
    const second = await server.createDatabase();
    const config = { databases: { main: { url: env.DATABASE_URL }, audit: { url: second } } };
    await writeFile(join(cwd, 'godwit.config.json'), JSON.stringify(config));
    expect((await play('up --database audit')).out).not.toMatch(/main/);
    expect((await play('status --check')).code).toBe(3);
    const both = await play('up');
    expect(both.out).toMatch(/^main\n.*2 applied.*\naudit\n.*Nothing to do/s);
    expect((await play('status --check')).code).toBe(0);
  });
});

it('tells of a server that is not there, without a password', async () => {
  const { code, out, err } = await play('up --url postgres://app:S3cret@127.0.0.1:1/shop');
  expect(code).toBe(2);
  expect(err).toMatch(/GODWIT_CONNECT_FAILED/);
  expect(out + err).not.toMatch(/S3cret/);
});
