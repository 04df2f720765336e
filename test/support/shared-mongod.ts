import { startMongod } from '../../src/testing/mongod.ts';
import { SOAK } from './rounds.ts';

const VARIABLE = 'GODWIT_TEST_MONGODB_URI';

/**
 * One replica set for all files that do not ask for one of their own: to start one and to end
 * it takes a second of a processor, and sixty files want one. The soak's rounds are long, and
 * do without.
 *
 * @returns what stops it
 */
export async function shareMongod(): Promise<() => Promise<void>> {
  if (SOAK || process.env[VARIABLE]) return async () => {};
  const server = await startMongod({ own: true });
  process.env[VARIABLE] = server.uri;
  return async () => {
    delete process.env[VARIABLE];
    await server.stop();
  };
}
