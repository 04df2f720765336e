// Backup and restore by godwit, as a program calls them.
import { createMigrator } from '../../../dist/index.js';

export async function open(url, what, dir) {
  const migrator = createMigrator({ url, config: false, backup: { dir } });
  await migrator.lockHolder();
  const runs = {
    create: async () => (await migrator.backup.create()).backup.rows,
    restore: async () => (await migrator.backup.restore()).rows,
  };
  return { run: runs[what], close: () => migrator.close() };
}
