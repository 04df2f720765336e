import { createMigrator } from '../app/create-migrator.ts';
import type { MigratorOptions } from '../app/options.ts';
import type {
  Fixture,
  RoundtripOptions,
  RoundtripReport,
  RoundtripResult,
} from '../app/roundtrip/types.ts';
import type { Migrator } from '../app/types.ts';
import { GodwitError } from '../errors.ts';

export interface TestMigrationsOptions
  extends Omit<MigratorOptions, 'url' | 'migrations'>,
    Omit<RoundtripOptions, 'server' | 'fixtures'> {
  /** Migrations registered in code, instead of folders. */
  readonly migrations?: MigratorOptions['migrations'];
  /**
   * URL of a server on which databases with random names may be made and dropped. Default: a
   * mongod that is started for it, or PGlite in memory.
   */
  readonly url?: string | undefined;
  /** A folder that holds a folder for each migration; or rows, by migration and collection. */
  readonly fixtures?: string | Readonly<Record<string, Fixture>> | undefined;
}

/** The functions of a test runner that are used: those of vitest, jest and node:test fit. */
export interface RoundtripTestApi {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/**
 * Runs migrations up, down and up again in a database made for it, and reports what `down`
 * did not restore. A migration that fails does not reject: it is in the report.
 *
 * @param options where the migrations are, as for `createMigrator`, and what they are tried
 *   with; `url` is the server to test on, never a database to migrate
 * @throws GodwitError `GODWIT_MIGRATION_UNKNOWN`, `GODWIT_DRIVER_MISSING`,
 *   `GODWIT_SCRATCH_FAILED`
 * @example
 * ```ts
 * const { summary } = await testMigrations({ dir: 'migrations', driver: 'mongodb' });
 * assert.equal(summary.failed, 0);
 * ```
 */
export async function testMigrations(
  options: TestMigrationsOptions = {},
): Promise<RoundtripReport> {
  const { url, fixtures, ids, sample, seed, bail, signal, abort, ...rest } = options;
  const migrator = open(rest, fixtures);
  const inCode = typeof fixtures === 'string' ? undefined : fixtures;
  try {
    const how = { ids, sample, seed, bail, signal, abort };
    return await migrator.test({ ...how, server: url, fixtures: inCode });
  } finally {
    await migrator.close();
  }
}

function open(options: MigratorOptions, fixtures: TestMigrationsOptions['fixtures']): Migrator {
  const fixturesDir = typeof fixtures === 'string' ? { fixturesDir: fixtures } : {};
  return createMigrator({ ...options, ...fixturesDir, command: 'test' });
}

/**
 * Registers one test for each migration, named by its id, with the test runner's own
 * functions. All are run together when the first test begins.
 *
 * @param api `describe` and `it`
 * @param options as for `testMigrations`
 * @returns when the tests are registered: await it at the top of the file
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * import { describeMigrations } from 'godwit/testing';
 *
 * await describeMigrations({ describe, it }, { dir: 'migrations' });
 * ```
 */
export async function describeMigrations(
  api: RoundtripTestApi,
  options: TestMigrationsOptions = {},
): Promise<void> {
  const ids = await listIds(options);
  let report: Promise<RoundtripReport> | undefined;
  const result = async (id: string): Promise<RoundtripResult | undefined> => {
    report ??= testMigrations({ ...options, ids });
    return (await report).migrations.find((one) => one.id === id);
  };
  api.describe('migrations', () => {
    for (const id of ids) {
      api.it(`${id}: up, down and up again`, async () => {
        const found = await result(id);
        if (found?.status !== 'passed') throw failure(id, found);
      });
    }
    if (ids.length === 0) api.it('there are none', async () => {});
  });
}

async function listIds(options: TestMigrationsOptions): Promise<string[]> {
  const { url: _url, fixtures, ids, sample, seed, bail, signal, abort, ...rest } = options;
  if (ids !== undefined && ids.length > 0) return [...ids];
  const migrator = open(rest, fixtures);
  try {
    return (await migrator.list()).filter(({ kind }) => kind === 'migration').map(({ id }) => id);
  } finally {
    await migrator.close();
  }
}

function failure(id: string, result: RoundtripResult | undefined): GodwitError {
  const errors = [result?.error, result?.up?.error, result?.down?.error, result?.again?.error];
  const said = errors.flatMap((error) => error?.message ?? []);
  const differences = (result?.differences ?? [])
    .filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);
  const why = result?.status === 'skipped' ? ['not tested: one before it failed'] : [];
  return new GodwitError(
    'GODWIT_NOT_RESTORED',
    [`${id} does not go up, down and up again:`, ...said, ...differences, ...why].join('\n  - '),
    {
      state: "The trial's database is gone; the project's own was not touched.",
      next: [`godwit test ${id}`],
    },
  );
}
