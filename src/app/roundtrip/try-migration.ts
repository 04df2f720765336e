import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compareSchemas } from '../../core/roundtrip/compare-schemas.ts';
import { compareStates, type DatabaseState } from '../../core/roundtrip/compare-states.ts';
import type { Difference } from '../../core/roundtrip/report.ts';
import { toGodwitError } from '../../errors.ts';
import type { Migration } from '../../ports/migration.ts';
import type { Bench } from './bench.ts';
import { takeState } from './state.ts';
import type { RoundtripResult, RoundtripStep } from './types.ts';

export interface Trial {
  readonly bench: Bench;
  readonly all: readonly Migration[];
  readonly migration: Migration;
  /** Where rows are kept while it runs. */
  readonly folder: string;
  /** A second database, just before the migration. */
  twin(): Promise<Bench>;
}

type Parts = Pick<RoundtripResult, 'up' | 'down' | 'again' | 'differences' | 'reversible'>;

/** Up, down and up again, with a look at the database after each. */
export async function tryMigration(trial: Trial): Promise<RoundtripResult> {
  const { migration, bench, all } = trial;
  const started = performance.now();
  const result = { id: migration.id, version: migration.version };
  const took = () => Math.round(performance.now() - started);
  let fixtures: readonly string[] = [];
  try {
    fixtures = await bench.before(all, migration);
    const parts = await inFolder(trial, () => upAndDown(trial));
    const failed = [parts.up, parts.down, parts.again].some((step) => step?.status === 'failed');
    const differs = parts.differences.some(({ severity }) => severity === 'error');
    const status = failed || differs ? 'failed' : 'passed';
    return { ...result, status, ...parts, fixtures, durationMs: took() };
  } catch (thrown) {
    const error = toGodwitError(thrown);
    if (error.code === 'GODWIT_STOPPED' || error.code === 'GODWIT_INTERNAL') throw thrown;
    const nothing = { up: null, down: null, again: null, differences: [] };
    const reversible = migration.reversible !== false;
    return {
      ...{ ...result, status: 'failed', reversible, ...nothing, fixtures },
      ...{ error: error.toJSON(), durationMs: took() },
    };
  }
}

async function upAndDown(trial: Trial): Promise<Parts> {
  const { bench, migration, folder } = trial;
  const { driver } = bench.database;
  const before = await takeState(driver, join(folder, 'before'));
  const up = await bench.run(migration, 'up');
  const end = (rest: Partial<Parts>): Parts => ({
    ...{ reversible: migration.reversible !== false, up, down: null, again: null, differences: [] },
    ...rest,
  });
  if (up.status === 'failed') return end({});
  const after = await takeState(driver, join(folder, 'after'));
  const down = migration.reversible !== false ? await bench.run(migration, 'down') : undefined;
  if (down === undefined || down.error?.code === 'GODWIT_IRREVERSIBLE') {
    return end({ ...(await inTwin(trial, after)), reversible: false });
  }
  if (down.status === 'failed') return end({ down });
  const restored = await takeState(driver, undefined);
  const lost = await compareStates(before, restored, 'down', false);
  const again = await bench.run(migration, 'up');
  if (again.status === 'failed') return end({ down, again, differences: lost });
  const now = await takeState(driver, undefined);
  const others = await compareStates(after, now, 'again', lost.length === 0);
  return end({ down, again, differences: [...lost, ...others] });
}

/** What cannot be reverted must at least do the same to the schema each time. */
async function inTwin(
  { twin, migration }: Trial,
  after: DatabaseState,
): Promise<{ again: RoundtripStep; differences: Difference[] }> {
  const other = await twin();
  const again = await other.run(migration, 'up');
  if (again.status === 'failed') return { again, differences: [] };
  const { schema } = await takeState(other.database.driver, undefined);
  return { again, differences: compareSchemas(after.schema, schema, 'twin') };
}

/** Folders for the rows of two moments, gone when they were compared. */
async function inFolder<T>({ folder }: Trial, work: () => Promise<T>): Promise<T> {
  for (const name of ['before', 'after']) await mkdir(join(folder, name), { recursive: true });
  try {
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
