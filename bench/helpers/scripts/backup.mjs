// Backup and restore by godwit, as a program calls them.
import { createMigrator } from '../../../dist/index.js';

export async function open(url, what, dir) {
  const compression = what === 'createPlain' ? 'none' : 'gzip';
  const migrator = createMigrator({ url, config: false, backup: { dir, compression } });
  await migrator.lockHolder();
  const create = async () => (await migrator.backup.create()).backup.rows;
  const runs = {
    create,
    createPlain: create,
    restore: async () => (await migrator.backup.restore()).rows,
  };
  return { run: runs[what], close: () => migrator.close() };
}
