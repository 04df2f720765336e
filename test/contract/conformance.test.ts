import { afterAll, beforeAll, describe, it } from 'vitest';
import { conformance, type DriverHarness } from '../../src/testing/conformance.ts';
import { hasSystemPostgres } from '../../src/testing/postgres.ts';
import {
  type DatabaseServer,
  mongodbHarness,
  pgliteHarness,
  postgresHarness,
} from './conformance-harnesses.ts';

/** One server per driver, started when its tests begin. */
function conformsOn(
  name: string,
  abilities: Pick<DriverHarness, 'shared' | 'sql'>,
  start: () => Promise<DatabaseServer>,
): void {
  describe(name, () => {
    let server: DatabaseServer | undefined;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());
    const create = () => {
      if (!server) throw new Error(`${name} did not start`);
      return server.create();
    };
    conformance(name, { ...abilities, create }, { api: { describe, it } });
  });
}

const SERVER_WITHOUT_SQL = { shared: true, sql: false };
const SQL_SERVER = { shared: true, sql: true };

conformsOn('mongodb, replica set', SERVER_WITHOUT_SQL, () => mongodbHarness(true));
conformsOn('mongodb, standalone', SERVER_WITHOUT_SQL, () => mongodbHarness(false));
conformsOn('postgres 18', SQL_SERVER, () => postgresHarness('embedded'));
if (hasSystemPostgres()) {
  conformsOn('postgres of the system', SQL_SERVER, () => postgresHarness('system'));
} else {
  it.skip('postgres of the system (none in /usr/lib/postgresql, see npm run setup:servers)');
}
conformsOn('postgres with the lease', SQL_SERVER, () => postgresHarness('embedded', 'lease'));
conformsOn('pglite', { shared: false, sql: true }, pgliteHarness);
