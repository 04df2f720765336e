export {
  type ConformanceOptions,
  conformance,
  type DriverHarness,
  type HarnessDatabase,
  type Skip,
  type TestApi,
  type TestFunction,
} from './conformance.ts';
export { type StartMongodOptions, startMongod, type TestMongod } from './mongod.ts';
export { createPglite, type TestPglite } from './pglite.ts';
export {
  hasSystemPostgres,
  type StartPostgresOptions,
  startPostgres,
  type TestPostgres,
} from './postgres.ts';
export { startRedis, type TestRedis } from './redis.ts';
export {
  describeMigrations,
  type RoundtripTestApi,
  type TestMigrationsOptions,
  testMigrations,
} from './roundtrip.ts';
