import type { Checks } from '../../../ports/checks.ts';
import type { DriverName } from '../../../ports/context.ts';
import type { Connection } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { Store } from '../store.ts';
import { askBuiltIn } from './built-in.ts';
import { callReadOnly } from './call.ts';
import { missingExtensions } from './extensions.ts';
import { probeExpectations } from './probe.ts';
import { askRows } from './rows.ts';
import { askVerify } from './verify.ts';

/** What the questions are asked with. */
export interface Asking {
  readonly driver: DriverName;
  readonly connection: Connection;
  readonly store: Store;
  /** The project's folder. */
  readonly root: string;
}

/**
 * Opens questions to a PostgreSQL or PGlite database, over a session of their own where one
 * can be had: the one that holds the lock must not be found in the middle of a transaction.
 */
export async function openChecks(
  connections: Pick<Connections, 'main' | 'fresh'>,
  about: Omit<Asking, 'connection'>,
): Promise<Checks> {
  const own = await connections.fresh();
  const asking: Asking = { ...about, connection: own ?? (await connections.main()) };
  return {
    builtIn: (request) => askBuiltIn(asking, request),
    missingExtensions: (sql) => missingExtensions(asking.connection, sql),
    verify: (migration, step, variables) => askVerify(asking, migration, step, variables),
    rows: (sql, variables) => askRows(asking, sql, variables),
    call: (check) => callReadOnly(asking, (client) => check({ positional: [client] })),
    expectations: (expectations) => probeExpectations(asking, expectations),
    close: async () => own?.close(),
  };
}
