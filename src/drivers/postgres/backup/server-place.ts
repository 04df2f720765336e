import { scratchName } from '../../../core/scratch-name.ts';
import { GodwitError } from '../../../errors.ts';
import type { OpenOptions } from '../../../ports/driver.ts';
import type { ClientSettings } from '../client-settings.ts';
import { connect } from '../connect.ts';
import type { Connection } from '../connection.ts';
import { type Connections, OwnConnections } from '../connections.ts';
import { libpqEnvironment } from '../libpq-environment.ts';
import { loadPg } from '../load-pg.ts';
import { dropLeftBehind } from '../snapshot/scratch.ts';
import type { Store } from '../store.ts';
import { ident } from '../text.ts';
import type { BackupPlace } from './backups.ts';

export interface ServerPlaceOptions {
  readonly options: OpenOptions;
  readonly connections: Connections;
  readonly store: Store;
  /** Undefined for a given client, and behind a pooler: pg_dump cannot connect then. */
  readonly settings: ClientSettings | undefined;
  readonly pgDump: string | false | undefined;
}

/** Backups of a server's database, over sessions of their own where they can be had. */
export function serverPlace(place: ServerPlaceOptions): BackupPlace {
  const { options, connections, store, settings, pgDump } = place;
  return {
    store,
    pgDump,
    libpq: settings && libpqEnvironment(settings, options),
    async session() {
      const fresh = await connections.fresh();
      if (fresh) return { connection: fresh, close: () => fresh.close() };
      const main = await connections.main();
      return { connection: main, close: () => clean(main) };
    },
    observer: () => connections.observer(),
    async scratch() {
      if (settings === undefined) throw noScratch();
      const name = scratchName();
      const main = await connections.fresh();
      if (!main) throw noScratch();
      await dropLeftBehind(main);
      await main.simple(`create database ${ident(name)} template template0`).catch(refused);
      const own = { ...settings, database: name };
      const scratch = new OwnConnections(() => connect(loadPg(options.root), own));
      return {
        place: serverPlace({ ...place, connections: scratch }),
        async drop() {
          await scratch.close();
          await main.simple(`drop database ${ident(name)} with (force)`).catch(() => undefined);
          await main.close();
        },
      };
    },
  };
}

/** What a script sets must not outlive it in a session that others use. */
async function clean(connection: Connection): Promise<void> {
  if (connection.lost.aborted) return;
  if (connection.state !== 'I') await connection.simple('rollback');
  await connection.simple('reset all');
}

function refused(error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new GodwitError('GODWIT_PERMISSION_DENIED', `No scratch database can be made: ${why}.`, {
    cause: error,
    state: 'Nothing was changed.',
    next: ['rehearse with a user who has CREATEDB', 'or verify the checksums alone'],
  });
}

function noScratch(): GodwitError {
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    'A rehearsal needs a scratch database, and so a direct URL of the server.',
    { state: 'Nothing was changed.', next: ['verify the checksums alone, without --rehearse'] },
  );
}
