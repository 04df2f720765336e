import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../src/index.ts';
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';
import { godwit, type Play } from './terminal.ts';

const FILES = {
  'migrations/001_users.sql': 'CREATE TABLE users (id int PRIMARY KEY);\n',
  'migrations/001_users.down.sql': 'DROP TABLE users;\n',
  'godwit.config.mjs': `export default { backup: { mode: 'full', pgDump: false } };\n`,
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

describe('up with a backup', () => {
  it('says what was made, by what, and where it is', async () => {
    const up = await play('up');
    expect(up).toMatchObject({ code: 0, err: '' });
    expect(up.out).toMatch(/✓ backup \d{8}-\d{6}-[0-9a-f]{6} {2}.* by godwit/);
    expect(up.out).toContain(join('backup', 'migrations', 'pre_migration_backup.sql'));
    expect((await play('up')).out).not.toContain('backup');
    const { runs } = await json('history');
    const { backups } = await json('backup list');
    expect(backups).toMatchObject([{ id: runs[0].backup, reason: 'before up', tool: 'godwit' }]);
    expect((await play('down --no-backup')).out).not.toContain('backup');
  });

  it('names the way back when a migration fails', async () => {
    await writeFile(join(cwd, 'migrations/002_bad.sql'), 'select nothing_here;\n');
    const up = await play('up');
    expect(up.code).toBe(1);
    expect(up.out).toMatch(
      /As it was before: godwit backup restore \S+\n.*psql "\$DATABASE_URL" </,
    );
    const again = await play('up --json');
    expect(again.json()).toMatchObject({ summary: { failed: 1 }, backup: { reason: 'before up' } });
  });

  it('does not begin when none can be made', async () => {
    await writeFile(join(cwd, 'backup'), 'a file is in the way');
    const up = await play('up --json');
    expect(up.code).toBe(1);
    expect(up.json()).toMatchObject({ error: { code: 'GODWIT_BACKUP_FAILED' } });
    expect((await json('status')).summary).toMatchObject({ applied: 0, pending: 1 });
    expect((await play('up --no-backup')).code).toBe(0);
  });
});

describe('backup', () => {
  it('restores what is of another host only when that is said', async () => {
    await play('up --no-backup');
    const { backup } = await json('backup create --reason staging');
    const elsewhere = {
      DATABASE_URL: env['DATABASE_URL']?.replace('127.0.0.1', 'localhost') ?? '',
    };
    for (const line of ['backup restore', `backup restore ${backup.id}`]) {
      const restore = await play(`${line} --yes --json`, { env: elsewhere });
      expect(restore.code).toBe(2);
      expect(restore.json()).toMatchObject({
        error: {
          code: 'GODWIT_USAGE',
          message: expect.stringMatching(/at 127\.0\.0\.1:.*this one is .* at localhost:/),
        },
      });
    }
    const meant = await play('backup restore --other-database --yes', { env: elsewhere });
    expect(meant).toMatchObject({ code: 0 });
    expect(meant.out + meant.err).toContain('at 127.0.0.1:');
    const newer = await play('backup create --json', { env: elsewhere });
    expect(newer.code).toBe(0);
    const own = await play('backup restore --yes --json');
    expect(own.json()).toMatchObject({ backup: { id: backup.id } });
  });

  it('keeps those from before a failure until it is put right', async () => {
    const keep = `export default { backup: { pgDump: false, keep: { count: 1 } } };\n`;
    await writeFile(join(cwd, 'godwit.config.mjs'), keep);
    const before = await json('backup create');
    await writeFile(join(cwd, 'migrations/002_bad.sql'), 'select nothing_here;\n');
    expect((await play('up')).code).toBe(1);
    expect(await json('backup create')).toMatchObject({ pruned: [] });
    await writeFile(join(cwd, 'migrations/002_bad.sql'), 'select 1;\n');
    expect((await play('up')).code).toBe(0);
    const { pruned } = await json('backup create');
    expect(pruned).toContain(before.backup.id);
    expect((await play('backup prune --keep 1')).out).toMatch(/backup prune → postgres/);
  });

  it('restores after a yes, and not without one', async () => {
    await play('up --no-backup');
    const made = await json('backup create --reason audit --plain');
    expect(made).toMatchObject({ backup: { reason: 'audit', tables: 2 }, pruned: [] });
    expect(made.backup.plain).toMatch(/pre_migration_backup\.sql$/);
    await play('down --no-backup');
    const refused = await play('backup restore');
    expect(refused.code).toBe(5);
    expect(refused.err).toContain('GODWIT_CONFIRMATION_NEEDED');
    expect((await json('status')).summary).toMatchObject({ pending: 1 });
    const short = made.backup.id.slice(0, -2);
    const restored = await play(`backup restore ${short} --yes`);
    expect(restored).toMatchObject({ code: 0, err: '' });
    expect(restored.out).toMatch(/replaces what is in test_\w+ now/);
    expect(restored.out.match(/backup restore → postgres/g)).toHaveLength(1);
    expect(restored.out).toMatch(/2 tables with 1 rows?, as they were/);
    expect((await json('status')).summary).toMatchObject({ applied: 1, pending: 0 });
    expect((await play('backup restore 1999 --yes')).code).toBe(2);
  });

  it('says of what a copy of some schemas is, and keeps the whole one beside it', async () => {
    await play('up --no-backup');
    const whole = await json('backup create');
    await play('backup create --only public');
    const list = await play('backup list');
    expect(list.out).toMatch(/ rows? of godwit, public /);
    expect(list.out).toMatch(/ rows? {2}/);
    expect((await play('backup restore')).out).toMatch(/replaces godwit, public in test_\w+ now/);
    const pruned = await play('backup prune --keep 1');
    expect(pruned.out).toContain('0 removed');
    expect((await json('backup list')).backups[0].id).toBe(whole.backup.id);
  });

  it('in production wants the name of the database', async () => {
    await play('up');
    const stop = await play('backup restore', { env: { NODE_ENV: 'production' } });
    expect(stop.code).toBe(5);
    expect(stop.err).toContain('This is production');
  });

  it('in production a program has to say that somebody agreed', async () => {
    await play('up');
    await writeFile(join(cwd, 'migrations/002_more.sql'), 'CREATE TABLE more (id int);\n');
    await play('up');
    const processEnv = { ...env, NODE_ENV: 'production' };
    const migrator = createMigrator({ root: cwd, processEnv });
    const code = 'GODWIT_CONFIRMATION_NEEDED';
    try {
      await expect(migrator.backup.restore()).rejects.toMatchObject({ code });
      await expect(migrator.squash()).rejects.toMatchObject({ code });
      const keep = { keep: { count: 1 } };
      await expect(migrator.backup.prune(keep)).rejects.toMatchObject({ code });
      expect(await migrator.backup.prune({ ...keep, dryRun: true })).toMatchObject({ kept: 1 });
      expect((await migrator.status()).summary).toMatchObject({ applied: 2 });
      expect(await migrator.squash({ dryRun: true })).toMatchObject({ dryRun: true });
      await migrator.backup.restore(undefined, { confirmed: true });
      expect((await migrator.status()).summary).toMatchObject({ applied: 1, pending: 1 });
    } finally {
      await migrator.close();
    }
  });

  it('verifies: exit 1 when a file is not what it was', async () => {
    await play('up');
    const good = await play('backup verify --rehearse');
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toContain('1 backup as described');
    const { backups } = await json('backup list');
    await writeFile(join(backups[0].folder, 'database.sql.gz'), 'x');
    const bad = await play('backup verify --json');
    expect(bad.code).toBe(1);
    expect(bad.json()).toMatchObject({
      findings: [{ code: 'GODWIT_BACKUP_DAMAGED', where: { id: backups[0].id } }],
      summary: { error: 1 },
    });
  });

  it('prunes what retention does not keep', async () => {
    for (let i = 0; i < 3; i++) await play('backup create');
    expect((await play('backup prune')).code).toBe(2);
    expect((await play('backup prune --keep 1 --dry-run')).out).toContain('2 would go');
    let refused: Json;
    const beforeAll = async () => {
      refused = (await play('backup prune --keep 1 --lock-timeout 0 --json')).json();
    };
    const holder = createMigrator({ root: cwd, processEnv: env, config: { hooks: { beforeAll } } });
    await holder.up({ backup: false });
    await holder.close();
    expect(refused).toMatchObject({ error: { code: 'GODWIT_LOCK_HELD' } });
    expect(await json('backup prune --keep 1')).toMatchObject({ kept: 1, dryRun: false });
    const names = await readdir(join(cwd, 'backup', 'migrations'));
    expect(names.filter((name) => /^\d/.test(name))).toHaveLength(1);
    expect((await play('backup list')).out).toMatch(/rows? {2}test_\w+ {2}by hand {2}godwit/);
  });
});
