import { findMatch } from '../../core/text/long-sql.ts';
import { GodwitError } from '../../errors.ts';
import type { Driver } from '../../ports/driver.ts';
import type { EndedEvent, VersionRecord } from '../../ports/history.ts';
import type { Migration } from '../../ports/migration.ts';
import { currentActor } from '../actor.ts';
import type { RunOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { readState } from '../read-state.ts';
import { planError, planNow, runDirection } from '../run/commands.ts';
import { nameOf, report } from './diff.ts';
import { withScratch } from './scratch.ts';
import { takeSnapshot } from './take-snapshot.ts';
import type { SchemaDiffReport, SchemaPlanOptions, ScratchPlace } from './types.ts';

/** Runs what is pending on a copy of the schema, without rows, and compares. */
export async function diffPlan(
  project: Project,
  options: SchemaPlanOptions,
): Promise<SchemaDiffReport> {
  const driver = await project.driver();
  const plan = await planNow(project, {});
  const errors = plan.problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw planError(errors);
  await refuseOutside(
    plan.steps.map(({ migration }) => migration),
    options,
  );
  const real = await takeSnapshot(driver, { exclude: options.exclude });
  const state = await readState(project);
  const applied = state.records.filter((record) => record.state === 'applied');
  const name = nameOf(driver.target);
  return withScratch(project, driver, options.scratch, async (scratch) => {
    await scratch.load(real);
    const before = await takeSnapshot(scratch.driver, options);
    await record(project, scratch.driver, applied);
    await runOn(project, scratch.driver, options);
    const after = await takeSnapshot(scratch.driver, options);
    return report(
      { name, snapshot: before },
      { name: `${name} after ${plan.steps.length} pending`, snapshot: after },
    );
  });
}

/** The same project over another database: nothing of the world around it is called. */
export function projectOn(
  project: Project,
  driver: Driver,
  keep: (m: Migration) => boolean,
): Project {
  return {
    ...project,
    settings: async () => {
      const settings = await project.settings();
      return Object.create(settings, {
        hooks: { value: {}, enumerable: true },
        // No file moves from `pending/` to `completed/` because of a trial.
        layout: { value: undefined, enumerable: true },
        sync: { value: { ...settings.sync, onUp: false }, enumerable: true },
      });
    },
    mirrors: async () => [],
    driver: async () => driver,
    list: async () => {
      const { migrations, problems } = await project.list();
      return { migrations: migrations.filter(keep), problems };
    },
    emit: () => {},
  };
}

/** @throws the error of the migration that failed */
export async function runOn(
  project: Project,
  driver: Driver,
  options: RunOptions,
  keep: (migration: Migration) => boolean = () => true,
): Promise<void> {
  const { signal, abort } = options;
  const run = await runDirection(projectOn(project, driver, keep), 'up', {
    signal,
    abort,
    backup: false,
    validate: false,
  });
  const failed = run.runs.find(({ error }) => error !== undefined);
  const error = failed?.error ?? run.error;
  if (error === undefined) return;
  throw new GodwitError(
    error.code,
    `In the scratch database, which has no rows, ${failed?.id ?? 'the plan'} failed: ${error.message}`,
    {
      where: error.where,
      state: 'The real database was not touched; the scratch database is gone.',
    },
  );
}

/** Says in a scratch database that these are applied. */
export async function record(
  project: Project,
  driver: Driver,
  applied: readonly VersionRecord[],
): Promise<void> {
  const settings = await project.settings();
  const by = currentActor(settings.root);
  const session = await driver.acquire({
    by,
    command: 'schema',
    timeoutMs: 0,
    leaseMs: settings.lockLeaseMs,
    signal: new AbortController().signal,
    emit: () => {},
  });
  try {
    const events = applied.map(
      ({ kind, version, id, name, run, checksum, normalized }): EndedEvent => ({
        ...{ kind, version, id, name, run, checksum, normalized },
        direction: 'up',
        by,
        fence: session.fence,
        event: 'ended',
        status: 'applied',
        effect: 'complete',
        via: 'import',
        durationMs: 0,
      }),
    );
    if (events.length > 0) await session.append(events, []);
  } finally {
    await session.release();
  }
}

/** Statements that change the server beyond the database, whichever database they run in. */
const BEYOND =
  /\b(?:create|alter|drop)\s+(?:role|user|group|database|tablespace|subscription)\b|\balter\s+system\b|\breassign\s+owned\b|\bdrop\s+owned\b/i;

/**
 * A trial must not reach out of the scratch database.
 *
 * @throws GODWIT_SCRATCH_REFUSED
 */
export async function refuseOutside(
  migrations: readonly Migration[],
  {
    scratch,
    code,
  }: { readonly scratch?: ScratchPlace | undefined; readonly code?: boolean | undefined },
): Promise<void> {
  for (const migration of migrations) {
    const { id, file } = migration;
    if (migration.format !== 'sql') {
      if (!code) throw refusedCode(id, file);
      continue;
    }
    if (scratch !== undefined && scratch !== 'server') continue;
    const body = await migration.load();
    const found = body.type === 'sql' ? findMatch(body.up, BEYOND) : null;
    if (found) throw refusedStatement(id, file, found[0]);
  }
}

function refusedCode(id: string, file: string | undefined): GodwitError {
  return new GodwitError(
    'GODWIT_SCRATCH_REFUSED',
    `${id} is code. What it does with the handles it is given would happen in the scratch database; a connection that it opens by itself would be a real one.`,
    {
      where: { file },
      state: 'Nothing was done.',
      next: ['if it uses only what it is given: the same command with --code'],
    },
  );
}

function refusedStatement(id: string, file: string | undefined, words: string): GodwitError {
  return new GodwitError(
    'GODWIT_SCRATCH_REFUSED',
    `${id} has ${words.toUpperCase()}, which reaches beyond a scratch database on the same server.`,
    {
      where: { file },
      state: 'Nothing was done.',
      next: [
        'try it in PGlite, in memory: the same command with --scratch embedded',
        'or on another server: --scratch URL',
      ],
    },
  );
}
