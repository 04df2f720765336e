import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SOAK } from '../../support/rounds.ts';
import { CORE, type Rows } from './database.ts';
import { BACKFILL, DRY_RUN, FILES, VALIDATE } from './guide.ts';
import { installMoeen, type Moeen } from './project.ts';

let project: Moeen;

beforeAll(async () => {
  project = await installMoeen();
});

afterAll(() => project?.remove());

async function ask(text: string): Promise<Rows> {
  const db = await PGlite.create(join(project.path, '.godwit/pglite'));
  try {
    return (await db.query<Record<string, unknown>>(text)).rows;
  } finally {
    await db.close();
  }
}

const missing = CORE.map((table) => `select count(*) n from ${table} where public_id is null`);
const sum = `select sum(n)::int as n from (${missing.join(' union all ')}) as t`;

it('without DATABASE_URL apply-migrations.sh makes an embedded PostgreSQL', async () => {
  const typed = await project.typeWell('./scripts/apply-migrations.sh');
  for (const file of FILES) expect(typed).toContain(`✓ ${file.replace('.sql', '')}`);
  expect(typed).toContain('✅ The schema is valid');
  const backups = await readdir(join(project.path, 'backup/migrations'));
  expect(backups).toContain('pre_migration_backup.sql');
});

it('the backfill there, dry and for real', async () => {
  expect(await project.typeWell(DRY_RUN)).toContain('⏳ patients: 3 to fill');
  expect(await ask(sum)).toEqual([{ n: 8 }]);
  expect(await project.typeWell(BACKFILL)).toContain('✅ 8 public ids given');
  expect(await ask(sum)).toEqual([{ n: 0 }]);
  expect(await project.typeWell(VALIDATE)).toContain('✅ The schema is valid (0 warning(s))');
});

// In `npm test` a server's PostgreSQL stands for it: postgres.test.ts.
it.runIf(SOAK)('everything twice changes nothing', async () => {
  const backups = await readdir(join(project.path, 'backup/migrations'));
  expect(await project.typeWell('./scripts/apply-migrations.sh')).toContain('is valid');
  expect(await project.typeWell(BACKFILL)).toContain('✅ 0 public ids given');
  expect(await readdir(join(project.path, 'backup/migrations'))).toEqual(backups);
});

it('the application runs on it as well', async () => {
  await project.typeWell('npm run build');
  const app = project.start('npm run dev', { PORT: '0' });
  try {
    const port = await app.port();
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.json()).toMatchObject({ 'clinic.name': 'Moeen' });
  } finally {
    await app.end('SIGTERM');
  }
});
