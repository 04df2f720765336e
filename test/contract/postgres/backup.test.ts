import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  hasSystemPostgres,
  startPostgres,
  type TestPostgres,
} from '../../../src/testing/postgres.ts';
import { createProject, FOURTH, fingerprintOf, hasPsql, psql, THIRD } from './backup-kit.ts';

const SERVERS = [
  { title: '18, own dump', version: 'embedded' as const, tool: 'godwit', pgDump: undefined },
  { title: '15, own dump', version: 'system' as const, tool: 'godwit', pgDump: false as const },
  { title: '15, pg_dump', version: 'system' as const, tool: /^pg_dump \d/, pgDump: undefined },
];

describe.each(SERVERS)('backups of PostgreSQL $title', ({ version, tool, pgDump }) => {
  const missing = version === 'system' && !hasSystemPostgres();
  let server: TestPostgres;
  beforeAll(async () => {
    if (!missing) server = await startPostgres({ version });
  });
  afterAll(() => server?.stop());
  const backup = { pgDump, mode: 'full' } as const;

  it.skipIf(missing || !hasPsql)(
    'bring back what was there, by psql and by godwit, from a half-migrated database',
    async () => {
      const project = await createProject(await server.createDatabase());
      const quiet = project.migrator();
      expect((await quiet.up()).summary).toMatchObject({ applied: 2, failed: 0 });
      await quiet.close();
      const before = await fingerprintOf(project.url);
      await project.add('003_third.sql', THIRD);
      await project.add('004_fourth.sql', FOURTH);

      const migrator = project.migrator({ backup });
      const report = await migrator.up();
      expect(report).toMatchObject({
        summary: { applied: 1, failed: 1 },
        backup: { tool: expect.stringMatching(tool), plain: project.plain, reason: 'before up' },
      });
      const { runs } = await migrator.history();
      expect(runs.slice(-2).map((run) => run.backup)).toEqual(
        Array.from({ length: 2 }, () => report.backup?.id),
      );
      await migrator.close();
      expect(await fingerprintOf(project.url)).not.toEqual(before);
      const ran = psql(project.url, project.plain);
      expect(ran).toMatchObject({ code: 0, output: expect.stringContaining('Restored.') });
      expect(await fingerprintOf(project.url)).toEqual(before);

      const again = project.migrator({ backup });
      expect((await again.status()).summary).toMatchObject({ applied: 2, pending: 2, failed: 0 });
      const second = await again.up();
      expect(second.summary).toMatchObject({ applied: 1, failed: 1 });
      const restored = await again.backup.restore();
      expect(restored.backup.id).toBe(second.backup?.id);
      expect(restored.rows).toBeGreaterThan(2000);
      expect(restored.notes).toEqual([]);
      expect(await fingerprintOf(project.url)).toEqual(before);
      expect(await again.lockHolder()).toBeUndefined();
      expect((await again.status()).summary).toMatchObject({ applied: 2, pending: 2 });
      await again.close();

      const dir = join(project.root, 'backup', 'migrations');
      expect((await readdir(dir)).sort()).toEqual(
        ['.gitignore', report.backup?.id, second.backup?.id, 'pre_migration_backup.sql'].sort(),
      );
      expect((await stat(project.plain)).mode & 0o077).toBe(0);
      expect((await stat(join(dir, String(second.backup?.id)))).mode & 0o077).toBe(0);
      expect(await readFile(project.plain, 'utf8')).toContain('\\set ON_ERROR_STOP on');
    },
  );

  it.skipIf(missing || pgDump === false)(
    'are verified, also by a rehearsal, and pruned',
    async () => {
      const project = await createProject(await server.createDatabase());
      const migrator = project.migrator({ backup: { pgDump } });
      expect(await migrator.up()).not.toHaveProperty('backup');
      const { backup: made } = await migrator.backup.create({ reason: 'before the audit' });
      expect(made).toMatchObject({ tool: expect.stringMatching(tool), plain: null, only: null });
      const verified = await migrator.backup.verify(undefined, { rehearse: true });
      expect(verified).toMatchObject({
        findings: [],
        verified: [{ id: made.id, rehearsed: true }],
      });
      // The scratch database is gone.
      const names = await fingerprintNames(project.url);
      expect(names.filter((name) => name.startsWith('godwit_scratch'))).toEqual([]);
      const nothing = await migrator.up({ backup: true });
      expect(nothing).not.toHaveProperty('backup');
      const { backup: newer } = await migrator.backup.create();
      expect(await migrator.backup.prune({ keep: { count: 1 } })).toMatchObject({
        removed: [{ id: made.id }],
        kept: 1,
      });
      expect((await migrator.backup.list()).backups.map(({ id }) => id)).toEqual([newer.id]);
      await migrator.close();
    },
  );
});

async function fingerprintNames(url: string): Promise<string[]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query('select datname from pg_database');
  await client.end();
  return rows.map((row) => String(row.datname));
}
