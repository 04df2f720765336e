import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { GodwitEvent } from '../../../src/events.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { startBinary } from '../../cli/binary.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

type Line = Readonly<Record<string, unknown>>;

describe('log files', () => {
  let server: TestPostgres;
  let folder: TestFolder;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server?.stop();
  });
  beforeEach(async () => {
    url = await server.createDatabase();
    folder = await createFolder({
      'migrations/001_a.sql':
        'create table rows (id int primary key, n int);\ninsert into rows select g from generate_series(1, 50) g;\n',
      'migrations/001_a.down.sql': 'drop table rows;',
      'backfills/fill.mjs':
        "export default { table: 'rows', filter: 'n is null', set: { n: '1' } };\n",
    });
  });
  afterEach(() => folder.remove());

  const read = (name: string, dir = 'logs'): Line[] =>
    readFileSync(join(folder.path, dir, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
  const run = (argv: readonly string[], env: Record<string, string> = {}) =>
    startBinary(argv, { cwd: folder.path, env: { DATABASE_URL: url, ...env } }).ended;

  it('tells migrations, backfills and validation apart, under one run id', async () => {
    await using migrator = createMigrator({ url, root: folder.path, logs: true });
    await migrator.up();
    await migrator.backfill.run('fill');
    await migrator.validate();
    const files = ['migration.log', 'backfill.log', 'validation.log'];
    expect(readdirSync(join(folder.path, 'logs')).sort()).toEqual(files.toSorted());
    const all = files.flatMap((name) => read(name));
    expect(new Set(all.map(({ runId }) => runId)).size).toBe(1);
    for (const line of all) {
      expect(line).toMatchObject({
        level: expect.any(String),
        msg: expect.any(String),
        pid: process.pid,
      });
      expect(new Date(String(line['time'])).getTime()).toBeGreaterThan(0);
    }
    const types = (name: string) => read(name).map(({ type }) => type);
    expect(types('migration.log')).toEqual(
      expect.arrayContaining([
        'target',
        'lock.acquired',
        'plan.ready',
        'run.started',
        'run.ended',
        'lock.released',
      ]),
    );
    expect(types('backfill.log')).toEqual(
      expect.arrayContaining(['backfill.started', 'backfill.ended']),
    );
    expect(types('validation.log')).toContain('validation.ended');
  });

  it('joins processes of one undertaking by GODWIT_RUN_ID, and stays off by default', async () => {
    expect((await run(['up'])).code).toBe(0);
    expect(existsSync(join(folder.path, 'logs'))).toBe(false);
    await folder.write({ 'godwit.config.json': '{ "logs": { "dir": "var/log" } }' });
    const env = { GODWIT_RUN_ID: 'deploy-17' };
    for (const argv of [['down', '--yes'], ['up'], ['validate']]) {
      const { code, err } = await run(argv, env);
      expect(code, err).toBe(0);
    }
    const lines = [...read('migration.log', 'var/log'), ...read('validation.log', 'var/log')];
    expect(new Set(lines.map(({ runId }) => runId))).toEqual(new Set(['deploy-17']));
    expect(new Set(lines.map(({ command }) => command))).toEqual(
      new Set(['down', 'up', 'validate']),
    );
  });

  it('keeps what failed, with its place, and what could not even begin', async () => {
    await folder.write({
      'godwit.config.json': '{ "logs": true }',
      'migrations/002_b.sql': "select 1;\nalter role postgres password 'hunter22'; selec;\n",
    });
    expect((await run(['up'])).code).toBe(1);
    const failed = read('migration.log').find(({ level }) => level === 'error');
    expect(failed).toMatchObject({
      type: 'run.ended',
      id: '002_b',
      outcome: { error: { where: { line: 2 } } },
    });
    const wrong = new URL(url);
    wrong.port = '1';
    wrong.password = 'very%20hidden';
    expect((await run(['up'], { DATABASE_URL: wrong.href })).code).toBe(2);
    expect(read('migration.log').at(-1)).toMatchObject({
      type: 'command.failed',
      command: 'up',
      level: 'error',
      error: { code: 'GODWIT_CONNECT_FAILED' },
    });
    const text = readFileSync(join(folder.path, 'logs', 'migration.log'), 'utf8');
    for (const secret of ['hunter22', 'very%20hidden', 'very hidden'])
      expect(text).not.toContain(secret);
  });

  it('has no secret in it that code says, returns or throws', async () => {
    await folder.write({
      'migrations/002_b.mjs': `export default { async up(client, ctx) {
        ctx.log('using ' + process.env.APP_TOKEN + ' at postgres://a:clear-text@h/d');
        return { password: 'returned-one', note: 'sb_secret_abcdefgh' };
      } };`,
      'migrations/003_c.mjs': `export default { up() { throw new Error('no entry for ' + process.env.APP_TOKEN) } };`,
      'godwit.config.json': '{ "logs": true }',
    });
    expect((await run(['up'], { APP_TOKEN: 'tok-123456' })).code).toBe(1);
    const text = readFileSync(join(folder.path, 'logs', 'migration.log'), 'utf8');
    expect(text).toContain('using ***');
    expect(text).toContain('no entry for ***');
    for (const secret of ['tok-123456', 'clear-text', 'returned-one', 'abcdefgh'])
      expect(text).not.toContain(secret);
  });

  it('puts full files aside', async () => {
    await using migrator = createMigrator({
      url,
      root: folder.path,
      logs: { maxBytes: 1_000, keep: 2 },
    });
    for (let i = 0; i < 4; i++) {
      await migrator.up();
      await migrator.down();
    }
    const names = readdirSync(join(folder.path, 'logs')).sort();
    expect(names).toEqual(['migration.log', 'migration.log.1', 'migration.log.2']);
    for (const name of names) expect(read(name).length).toBeGreaterThan(0);
  });

  it('loses nothing of a process that is killed', async () => {
    await folder.write({
      'godwit.config.json': '{ "logs": true }',
      'migrations/002_b.sql': "do $$ begin raise notice 'here'; end $$; select pg_sleep(60);",
    });
    const running = startBinary(['up'], { cwd: folder.path, env: { DATABASE_URL: url } });
    const path = join(folder.path, 'logs', 'migration.log');
    while (!existsSync(path) || !readFileSync(path, 'utf8').includes('"id":"002_b"')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.process.kill('SIGKILL');
    await running.ended;
    const lines = read('migration.log');
    expect(lines.filter(({ type }) => type === 'run.started')).toHaveLength(2);
    expect(lines.find(({ type, id }) => type === 'run.ended' && id === '001_a')).toBeDefined();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()",
    );
    await client.end();
  });

  const works = async (dir: string): Promise<GodwitEvent[]> => {
    const events: GodwitEvent[] = [];
    await using migrator = createMigrator({ url, root: folder.path, logs: { dir } });
    migrator.on((event) => events.push(event));
    expect((await migrator.up()).summary).toMatchObject({ applied: 1, failed: 0 });
    await migrator.backfill.run('fill');
    await migrator.validate();
    return events.filter(({ type }) => type === 'warning');
  };

  it.runIf(process.platform === 'linux')(
    'a full disk stops nothing, and is said once',
    async () => {
      mkdirSync(join(folder.path, 'logs'));
      for (const name of ['migration', 'backfill', 'validation'])
        symlinkSync('/dev/full', join(folder.path, 'logs', `${name}.log`));
      expect(await works('logs')).toEqual([
        expect.objectContaining({
          code: 'GODWIT_LOG_UNWRITABLE',
          message: expect.stringContaining('ENOSPC'),
        }),
      ]);
    },
  );

  it('nor does a folder that cannot be made', async () => {
    await folder.write({ taken: 'a file' });
    expect(await works('taken/logs')).toEqual([
      expect.objectContaining({ code: 'GODWIT_LOG_UNWRITABLE' }),
    ]);
  });

  // Root writes to a folder whatever its mode says: it takes a mount to stop root.
  it.each(['size=16k', 'ro'])(
    'nor does a mount of its own (%s), where one can be made',
    async (options) => {
      const dir = join(folder.path, 'mounted');
      mkdirSync(dir);
      const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]);
      if (status !== 0) return;
      try {
        if (options !== 'ro')
          spawnSync('dd', ['if=/dev/zero', `of=${join(dir, 'filler')}`, 'bs=1k']);
        expect(await works('mounted')).toHaveLength(1);
      } finally {
        spawnSync('umount', [dir]);
      }
    },
  );
});
