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
  }, 120_000);
  afterAll(() => server?.stop());
  const backup = { pgDump, mode: 'full' } as const;

  /** Two applied, the third applied and the fourth failed under a backup. */
  const halfMigrated = async () => {
    const project = await createProject(await server.createDatabase());
    const quiet = project.migrator();
    expect((await quiet.up()).summary).toMatchObject({ applied: 2, failed: 0 });
    await quiet.close();
    const before = await fingerprintOf(project.url);
    await project.add('003_third.sql', THIRD);
    await project.add('004_fourth.sql', FOURTH);
    const migrator = project.migrator({ backup });
    const report = await migrator.up();
    expect(report.summary).toMatchObject({ applied: 1, failed: 1 });
    return { project, migrator, before, report };
  };

  it.skipIf(missing || !hasPsql)('psql < the plain file brings back what was there', async () => {
    const { project, migrator, before, report } = await halfMigrated();
    expect(report.backup?.tool).toMatch(tool);
    expect(report.backup?.plain).toBe(project.plain);
    const { runs } = await migrator.history();
    expect(runs.at(-1)).toMatchObject({ status: 'failed', backup: report.backup?.id });
    await migrator.close();
    expect(await fingerprintOf(project.url)).not.toEqual(before);
    const ran = psql(project.url, project.plain);
    expect(ran).toMatchObject({ code: 0, output: expect.stringContaining('Restored.') });
    expect(await fingerprintOf(project.url)).toEqual(before);
    const again = project.migrator();
    expect((await again.status()).summary).toMatchObject({ applied: 2, pending: 2, failed: 0 });
    expect((await again.up()).summary).toMatchObject({ applied: 1, failed: 1 });
    await again.close();
  });

  it.skipIf(missing)('godwit restores, and compares what is there', async () => {
    const { project, migrator, before, report } = await halfMigrated();
    const restored = await migrator.backup.restore();
    expect(restored).toMatchObject({ backup: { id: report.backup?.id }, rows: expect.any(Number) });
    expect(restored.rows).toBeGreaterThan(2000);
    expect(await fingerprintOf(project.url)).toEqual(before);
    expect((await migrator.status()).summary).toMatchObject({ applied: 2, pending: 2 });
    expect(await migrator.lockHolder()).toBeUndefined();
    const verified = await migrator.backup.verify(undefined, { rehearse: true });
    expect(verified).toMatchObject({ summary: { error: 0 }, verified: [{ rehearsed: true }] });
    await migrator.close();
    const dir = join(project.root, 'backup', 'migrations');
    expect((await readdir(dir)).sort()).toEqual(
      ['.gitignore', report.backup?.id, 'pre_migration_backup.sql'].sort(),
    );
    expect((await stat(project.plain)).mode & 0o077).toBe(0);
    expect(await readFile(project.plain, 'utf8')).toContain('ON_ERROR_STOP');
  });
});
