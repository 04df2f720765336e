import type { BackupPlace } from '../postgres/backup/backups.ts';
import type { Store } from '../postgres/store.ts';
import { openPglite } from './folder.ts';
import { PgliteConnection } from './pglite-connection.ts';

/** Backups of a database that lives in this process: godwit's own dump, one session. */
export function embeddedPlace(
  store: Store,
  root: string,
  open: () => Promise<PgliteConnection>,
): BackupPlace {
  return {
    store,
    libpq: undefined,
    pgDump: false,
    async session() {
      const connection = await open();
      return {
        connection,
        async close() {
          if (connection.lost.aborted) return;
          if (connection.state !== 'I') await connection.simple('rollback');
          await connection.simple('reset all');
        },
      };
    },
    observer: async () => undefined,
    async scratch() {
      const database = await openPglite(undefined, root);
      const connection = new PgliteConnection(database);
      return {
        place: embeddedPlace(store, root, async () => connection),
        drop: () => database.close(),
      };
    },
  };
}
