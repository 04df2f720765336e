import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPglite, type TestPglite } from '../../../src/testing/pglite.ts';
import {
  createProject,
  FIRST,
  FOURTH,
  readEverything,
  SECOND,
  THIRD,
} from '../postgres/backup-kit.ts';

let database: TestPglite;
beforeAll(async () => {
  database = await createPglite();
});
afterAll(() => database.remove());

async function everything(folder: string): Promise<Record<string, unknown>> {
  const client = await PGlite.create(folder);
  await client.exec("set timezone = 'UTC'");
  const found = await readEverything(async (sql) => (await client.query(sql)).rows as never);
  await client.close();
  return found;
}

it('backups of PGlite bring back what was there, and are rehearsed in memory', async () => {
  const project = await createProject(database.url);
  await project.add('001_first.sql', FIRST);
  await project.add('002_second.sql', SECOND);
  const first = project.migrator();
  expect((await first.up()).summary).toMatchObject({ applied: 2, failed: 0 });
  await first.close();
  const before = await everything(database.folder);

  await project.add('003_third.sql', THIRD);
  await project.add('004_fourth.sql', FOURTH);
  const migrator = project.migrator({ backup: { mode: 'full' } });
  const report = await migrator.up();
  expect(report).toMatchObject({
    summary: { applied: 1, failed: 1 },
    backup: { tool: 'godwit', consistency: 'snapshot', plain: project.plain },
  });
  expect(await readFile(project.plain, 'utf8')).toContain('COPY "public"."patients"');
  const verified = await migrator.backup.verify(report.backup?.id, { rehearse: true });
  expect(verified.findings).toEqual([]);
  await migrator.close();
  expect(await everything(database.folder)).not.toEqual(before);

  const again = project.migrator();
  expect(await again.backup.restore()).toMatchObject({ rows: report.backup?.rows, notes: [] });
  expect((await again.status()).summary).toMatchObject({ applied: 2, pending: 2 });
  await again.close();
  expect(await everything(database.folder)).toEqual(before);
  expect(report.backup?.folder).toContain(join(project.root, 'backup', 'migrations'));
});
