import { type ErrorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import type { Direction, Migration } from '../../ports/migration.ts';
import type { RunOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { runDirection } from '../run/commands.ts';
import { projectOn } from '../schema/plan.ts';
import { loadFixtures } from './fixtures.ts';
import type { TrialDatabase, TrialHost } from './host.ts';
import type { Shield } from './shield.ts';
import type { RoundtripOptions, RoundtripStep } from './types.ts';

/** What every database of a trial begins with; undefined: nothing. */
export type Prepare = ((bench: Bench) => Promise<void>) | undefined;

export interface BenchParts {
  readonly project: Project;
  readonly host: TrialHost;
  readonly shield: Shield;
  readonly options: RoundtripOptions;
  readonly prepare: Prepare;
}

/** A trial's database, and what has been run in it. */
export class Bench {
  readonly database: TrialDatabase;
  readonly project: Project;
  /** Ids of what is applied in it. */
  readonly applied = new Set<string>();
  readonly #parts: BenchParts;

  private constructor(parts: BenchParts, database: TrialDatabase) {
    this.#parts = parts;
    this.database = database;
    this.project = trialProject(parts.project, database);
  }

  static async open(parts: BenchParts): Promise<Bench> {
    const bench = new Bench(parts, await parts.host.make());
    try {
      await parts.prepare?.(bench);
      return bench;
    } catch (error) {
      await bench.close();
      throw error;
    }
  }

  /** Applies what comes before a migration, and loads what belongs to it. */
  async before(all: readonly Migration[], migration: Migration): Promise<string[]> {
    for (const one of all) {
      if (one === migration) break;
      if (this.applied.has(one.id)) continue;
      await this.fixtures(one);
      const { error } = await this.run(one, 'up');
      if (error) throw notReached(migration, one, error);
    }
    return this.fixtures(migration);
  }

  async fixtures(migration: Migration): Promise<string[]> {
    const { options } = this.#parts;
    if (options.sample !== undefined) return [];
    this.#parts.shield.point(this.database.url);
    return loadFixtures(this.project, migration, options.fixtures);
  }

  /** Never throws for a failed migration: that is in the step. */
  async run(
    migration: Migration,
    direction: Direction,
    how: RunOptions = {},
  ): Promise<RoundtripStep> {
    const { shield, options } = this.#parts;
    shield.point(this.database.url);
    const { signal, abort } = options;
    const started = performance.now();
    const took = () => Math.round(performance.now() - started);
    const request = { only: migration.id, outOfOrder: 'allow' as const, ...how };
    const done = await runDirection(this.project, direction, {
      ...request,
      ...{ signal, abort, backup: false, validate: false },
    }).catch((thrown: unknown) => ({ runs: [], error: toGodwitError(thrown).toJSON() }));
    const error = done.runs.find((run) => run.error)?.error ?? done.error;
    if (error?.code === 'GODWIT_STOPPED') throw new GodwitError('GODWIT_STOPPED', error.message);
    if (error) return { status: 'failed', durationMs: took(), error };
    if (request.only !== undefined && done.runs.length === 0) {
      throw new GodwitError('GODWIT_INTERNAL', `${migration.id} was not run ${direction}.`);
    }
    if (direction === 'up') this.applied.add(migration.id);
    else this.applied.delete(migration.id);
    return { status: direction === 'up' ? 'applied' : 'reverted', durationMs: took() };
  }

  close(): Promise<void> {
    return this.database.remove();
  }
}

/** The project over the trial's database, without what reaches out of it. */
function trialProject(project: Project, { driver }: TrialDatabase): Project {
  const base = projectOn(project, driver, () => true);
  const without = {
    layout: undefined,
    logs: undefined,
    validateAfter: false,
    protectedBy: undefined,
    production: false,
    seedMirror: undefined,
    singleTransaction: false,
  };
  const descriptors = Object.fromEntries(
    Object.entries(without).map(([name, value]) => [name, { value, enumerable: true }]),
  );
  return {
    ...base,
    options: { ...project.options, command: 'test' },
    settings: async () => {
      const settings = await base.settings();
      const sync = { value: { ...settings.sync, onUp: false }, enumerable: true };
      return Object.create(settings, { ...descriptors, sync });
    },
  };
}

function notReached(wanted: Migration, failed: Migration, error: ErrorInfo): GodwitError {
  return new GodwitError(
    'GODWIT_MIGRATION_FAILED',
    `${failed.id}, which comes before ${wanted.id}, failed: ${error.message}`,
    {
      where: error.where,
      state: "The trial's database is gone; the project's own was not touched.",
      next: [`test it first: godwit test ${failed.id}`],
    },
  );
}
