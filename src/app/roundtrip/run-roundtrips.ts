import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findStatus, unknownMigration } from '../../core/select.ts';
import { joinStates } from '../../core/state.ts';
import { GodwitError } from '../../errors.ts';
import type { Migration } from '../../ports/migration.ts';
import type { Project } from '../project.ts';
import { planError } from '../run/commands.ts';
import { refuseOutside } from '../schema/plan.ts';
import { Bench, type BenchParts } from './bench.ts';
import { openHost } from './host.ts';
import { type SampledProject, sampleProject } from './sample.ts';
import { raiseShield } from './shield.ts';
import { tryMigration } from './try-migration.ts';
import type { RoundtripOptions, RoundtripReport, RoundtripResult } from './types.ts';

/**
 * Runs each migration up, down and up again in a database made for it, and says what
 * `down` did not restore. The project's own database is only read, and only for a sample.
 *
 * @throws GODWIT_MIGRATION_UNKNOWN, GODWIT_PRODUCTION, GODWIT_SCRATCH_FAILED,
 *   GODWIT_SCRATCH_REFUSED, GODWIT_STOPPED
 */
export async function runRoundtrips(
  project: Project,
  options: RoundtripOptions,
): Promise<RoundtripReport> {
  const started = performance.now();
  await refuseProductionServer(project, options);
  const migrations = await listSound(project);
  const asked = select(migrations, options.ids);
  const { sample, seed = 'godwit' } = options;
  const sampled =
    sample === undefined ? undefined : await sampleProject(project, migrations, sample, seed);
  const chosen = asked ?? (sampled ? pendingOf(migrations, sampled) : migrations);
  const host = await openHost(project, options.server);
  const shield = raiseShield(await project.settings(), process.env);
  try {
    if (host.shared) await refuseOutside(migrations, { code: true });
    const prepare =
      sampled && ((bench: Bench) => prepareSample(bench, sampled, migrations, chosen));
    const parts: BenchParts = { project, host, shield, options, prepare };
    const { results, database } = await runAll(parts, migrations, chosen);
    return {
      database: { ...database, where: host.where },
      sample: sampled?.report() ?? null,
      migrations: results,
      summary: summarise(results),
      durationMs: Math.round(performance.now() - started),
    };
  } finally {
    shield.restore();
    await host.close();
  }
}

/** Tried again in a new database after each that left something behind. */
async function runAll(
  parts: BenchParts,
  all: readonly Migration[],
  chosen: readonly Migration[],
): Promise<{ results: RoundtripResult[]; database: Omit<RoundtripReport['database'], 'where'> }> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-test-'));
  const open: Bench[] = [];
  const make = async (): Promise<Bench> => {
    const bench = await Bench.open(parts);
    open.push(bench);
    return bench;
  };
  const results: RoundtripResult[] = [];
  try {
    let bench = await make();
    let second: Bench | undefined;
    const database = await describe(bench);
    let over = false;
    for (const [index, migration] of chosen.entries()) {
      if (parts.options.signal?.aborted) throw stopped(results.length, chosen.length);
      if (over) {
        results.push(skipped(migration));
        continue;
      }
      const twin = async (): Promise<Bench> => {
        second ??= await make();
        await second.before(all, migration);
        return second;
      };
      const place = join(folder, String(index));
      const result = await tryMigration({ bench, all, migration, folder: place, twin });
      results.push(result);
      if (result.status === 'passed') continue;
      const reached = result.up !== null && result.up.status === 'applied';
      over = parts.options.bail === true || !reached;
      if (over || index === chosen.length - 1) continue;
      await bench.close();
      bench = await make();
    }
    return { results, database };
  } finally {
    for (const bench of open) await bench.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function describe({ database }: Bench) {
  const version = (await database.driver.snapshot?.({}))?.server ?? 'unknown';
  return { driver: database.driver.name, version };
}

/** Back to before the first that is tested, where the project's database has it. */
async function prepareSample(
  bench: Bench,
  sampled: SampledProject,
  migrations: readonly Migration[],
  chosen: readonly Migration[],
): Promise<void> {
  await sampled.prepare(bench);
  const [first] = chosen;
  if (first === undefined || !bench.applied.has(first.id)) return;
  const newer = await bench.run(first, 'down', { only: undefined, to: first.id });
  const { error } = newer.error ? newer : await bench.run(first, 'down');
  if (error) {
    throw new GodwitError(
      error.code,
      `The sample cannot be taken back to before ${first.id}: ${error.message}`,
      {
        where: error.where,
        state: "The project's own database was only read.",
        next: ['test with fixtures instead: godwit test, without --sample'],
      },
    );
  }
  for (const { id } of migrations.slice(migrations.indexOf(first))) bench.applied.delete(id);
}

function pendingOf(migrations: readonly Migration[], { applied }: SampledProject): Migration[] {
  const pending = migrations.filter(({ id }) => !applied.includes(id));
  return pending.length > 0 ? pending : migrations.slice(-1);
}

async function refuseProductionServer(
  project: Project,
  { server }: RoundtripOptions,
): Promise<void> {
  const { protectedBy } = await project.settings();
  if (server === undefined || protectedBy === undefined) return;
  throw new GodwitError(
    'GODWIT_PRODUCTION',
    `This is production, says ${protectedBy}: no databases are made on a server of it.`,
    {
      state: 'No database was contacted.',
      next: ['test on a database that is started for it: godwit test, without --url'],
    },
  );
}

async function listSound(project: Project): Promise<readonly Migration[]> {
  const { migrations, problems } = await project.list();
  const errors = problems.map(({ code, message, fix }) => ({
    ...{ code, message, fix },
    severity: 'error' as const,
  }));
  if (errors.length > 0) throw planError(errors);
  return migrations;
}

/** In their own order, whatever the order of the ids. */
function select(
  migrations: readonly Migration[],
  ids: readonly string[] | undefined,
): readonly Migration[] | undefined {
  if (ids === undefined || ids.length === 0) return undefined;
  const statuses = joinStates(migrations, [], undefined);
  const found = ids.map((typed) => {
    const migration = findStatus(statuses, typed)?.migration;
    if (migration) return migration;
    throw planError([unknownMigration(typed, statuses)]);
  });
  return migrations.filter((migration) => found.some(({ id }) => id === migration.id));
}

function skipped({ id, version, reversible }: Migration): RoundtripResult {
  return {
    ...{
      id,
      version,
      reversible: reversible !== false,
      status: 'skipped',
      up: null,
      down: null,
      again: null,
    },
    ...{ fixtures: [], differences: [], durationMs: 0 },
  };
}

function summarise(results: readonly RoundtripResult[]): RoundtripReport['summary'] {
  const count = (status: RoundtripResult['status']) =>
    results.filter((result) => result.status === status);
  return {
    passed: count('passed').length,
    failed: count('failed').length,
    irreversible: count('passed').filter(({ reversible }) => !reversible).length,
    skipped: count('skipped').length,
  };
}

function stopped(done: number, all: number): GodwitError {
  return new GodwitError('GODWIT_STOPPED', `Stopped after ${done} of ${all}.`, {
    state: "The trial's databases are gone; the project's own was not touched.",
  });
}
