import type { LintMigration } from '../../lint/file.ts';
import type { Migration, SqlText } from '../../ports/migration.ts';

/** What is known of a migration without importing it. SQL is read, code is not. */
export async function describeMigration(migration: Migration): Promise<LintMigration> {
  const { id, version, replaces, idempotent = false } = migration;
  const up = migration.format === 'sql' ? await readUp(migration) : undefined;
  return {
    ...{ id, version, idempotent },
    reversible: migration.reversible,
    baseline: replaces !== undefined,
    up,
    inTransaction: up === undefined || (await isTransactional(up)),
  };
}

/** What cannot be read, such as one of two files of one version, is in the listing's problems. */
async function readUp(migration: Migration): Promise<SqlText | undefined> {
  const body = await migration.load().catch(() => undefined);
  return body?.type === 'sql' ? body.up : undefined;
}

/** As a run would decide. What it would refuse is found by other means. */
async function isTransactional(up: SqlText): Promise<boolean> {
  if (up.transaction !== 'auto') return up.transaction === 'always';
  const { analyse } = await import('../../drivers/postgres/sql/index.ts');
  try {
    return (await analyse(up.text, { file: up.file, line: up.line })).mode === 'transaction';
  } catch {
    return true;
  }
}
