import { randomUUID } from 'node:crypto';
import { createHeader } from '../../core/job.ts';
import { splitVersionedName } from '../../core/ordering.ts';
import { type ErrorInfo, GodwitError, thrownMessage } from '../../errors.ts';
import type { EndedEvent } from '../../ports/history.ts';
import type { Migration } from '../../ports/migration.ts';
import { createMigrator } from '../create-migrator.ts';
import { openProject, type Project } from '../project.ts';
import type { HistoryRun, StatusEntry, StatusReport } from '../reports.ts';
import type { Migrator } from '../types.ts';
import { type Work, withSession } from '../with-session.ts';
import { isApplied } from './console.ts';

export type TrackerStatus = StatusReport;

/** An applied migration, as the collection `migrations` has it. */
export interface AppliedEntry {
  /** The file's name without its ending. */
  readonly name: string;
  readonly description: string | undefined;
  readonly author: string | undefined;
  readonly appliedAt: Date | undefined;
  /** Milliseconds. */
  readonly executionTime: number | undefined;
}

/**
 * The history for programs that have no connection: each method connects as the project's
 * config says, does its work under godwit's lock where it writes, and disconnects. The
 * collection `migrations` is kept in step.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: the name and shape that projects require
export class MigrationTracker {
  /** Where to look for the config. Default: the working folder. */
  static root: string | undefined;

  /**
   * Says that a migration is applied, without running it. Doing so twice changes nothing.
   *
   * @param name the file's name, with or without its ending
   * @param version its label, such as `1.0.0`
   * @param time how long it took, in ms
   * @param result what it returned, as plain data
   * @throws GODWIT_MIGRATION_UNKNOWN when no file has this name and it begins with no
   *   timestamp; what connecting and locking throw
   * @example
   * await MigrationTracker.recordMigration('2024-01-15T10-30-00_add-avatar', '1.0.0', 'Add avatar', 'Ada', 12, {});
   */
  static recordMigration(
    name: string,
    version?: string,
    description?: string,
    author?: string,
    time?: number,
    result?: unknown,
  ): Promise<void> {
    return MigrationTracker.#record(name, 'applied', {
      label: version,
      description,
      author,
      durationMs: milliseconds(time),
      result,
    });
  }

  /** Says that a migration failed: `status` shows it, with the error's stack. */
  static recordFailure(
    name: string,
    version: string | undefined,
    description: string | undefined,
    author: string | undefined,
    error: unknown,
    time?: number,
  ): Promise<void> {
    const info: ErrorInfo = { code: 'GODWIT_MIGRATION_FAILED', message: thrownMessage(error) };
    const stack = error instanceof Error ? error.stack : undefined;
    const durationMs = milliseconds(time);
    return MigrationTracker.#record(name, 'failed', {
      label: version,
      description,
      author,
      durationMs,
      error: info,
      stack,
    });
  }

  /** Says that a migration is not applied, without reverting it. */
  static removeMigration(name: string): Promise<void> {
    return MigrationTracker.#record(name, 'reverted', {});
  }

  /** What is applied, oldest first. Writes nothing. */
  static async getAppliedMigrations(): Promise<AppliedEntry[]> {
    const { migrations } = await MigrationTracker.getStatus();
    return migrations.filter(isApplied).map(toEntry).sort(byTime);
  }

  static async isApplied(name: string): Promise<boolean> {
    const wanted = stemOf(name);
    const { migrations } = await MigrationTracker.getStatus();
    return migrations.some((one) => isApplied(one) && isNamed(one, wanted));
  }

  /** The newest one that is applied. */
  static async getLastMigration(): Promise<AppliedEntry | undefined> {
    return (await MigrationTracker.getAppliedMigrations()).at(-1);
  }

  static async getPendingMigrations(): Promise<string[]> {
    const { migrations } = await MigrationTracker.getStatus();
    return migrations.filter((one) => one.state === 'pending').map(({ id }) => id);
  }

  static async getFailedMigrations(): Promise<StatusEntry[]> {
    const { migrations } = await MigrationTracker.getStatus();
    return migrations.filter(({ state }) => state === 'failed' || state === 'interrupted');
  }

  static getStatus(): Promise<TrackerStatus> {
    return use((migrator) => migrator.status());
  }

  /** Every run, newest last. */
  static async getHistory(limit?: number): Promise<readonly HistoryRun[]> {
    return (await use((migrator) => migrator.history({ limit }))).runs;
  }

  static async #record(name: string, status: EndedEvent['status'], facts: Facts): Promise<void> {
    const project = openProject({ root: MigrationTracker.root, command: 'MigrationTracker' });
    try {
      await withSession(project, 'MigrationTracker', {}, (work) =>
        append(project, work, name, status, facts),
      );
    } finally {
      await project.close();
    }
  }
}

interface Facts {
  readonly label?: string | undefined;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly result?: unknown;
  readonly error?: ErrorInfo | undefined;
  readonly stack?: string | undefined;
}

async function append(
  project: Project,
  work: Work,
  name: string,
  status: EndedEvent['status'],
  facts: Facts,
): Promise<void> {
  const { session, by, settings, state } = work;
  const { label, description, author, durationMs = 0, result, error, stack } = facts;
  const wanted = stemOf(name);
  const migration = state.migrations.find((one) => isNamed(one, wanted));
  const header = headerOf(
    migration,
    wanted,
    { by, fence: session.fence, label, description, author },
    state.migrations,
  );
  const before = state.records.find(
    (one) => one.kind === 'migration' && one.version === header.version,
  );
  const applied = before?.state === 'applied';
  if (status === 'reverted' ? !applied : applied) return;
  const down = status === 'reverted';
  const event: EndedEvent = {
    ...header,
    direction: down ? 'down' : 'up',
    event: 'ended',
    status,
    effect: status === 'failed' ? 'partial' : 'complete',
    via: 'mark',
    durationMs,
    reason: 'MigrationTracker',
    ...(result !== undefined && { result: JSON.parse(JSON.stringify(result)) as unknown }),
    ...(error && { error }),
    ...(stack !== undefined && { stack }),
  };
  await session.append([event], settings.mirrors);
  const { moveFinished } = await import('../run/move-files.ts');
  if (status !== 'failed' && migration)
    moveFinished(project, settings, [{ migration, applied: !down }]);
}

function headerOf(
  migration: Migration | undefined,
  wanted: string,
  of: Parameters<typeof createHeader>[2],
  known: readonly Migration[],
): ReturnType<typeof createHeader> {
  if (migration) return createHeader(migration, 'up', of);
  const parts = splitVersionedName(wanted);
  if (parts === undefined) throw unknown(wanted, known);
  const { by, fence, label, description, author } = of;
  return {
    run: randomUUID(),
    kind: 'migration',
    version: parts.version,
    id: wanted,
    name: parts.name,
    direction: 'up',
    by,
    fence,
    description,
    author,
    ...(label !== undefined && { label }),
  };
}

function unknown(wanted: string, known: readonly Migration[]): GodwitError {
  return new GodwitError(
    'GODWIT_MIGRATION_UNKNOWN',
    `There is no migration ${wanted}, and the name begins with no timestamp or number.`,
    {
      state: 'Nothing was recorded.',
      next: known.length > 0 ? [`name one of: ${known.map(({ id }) => id).join(', ')}`] : undefined,
    },
  );
}

function stemOf(name: string): string {
  return String(name)
    .replace(/^.*[\\/]/, '')
    .replace(/\.[cm]?[jt]s$/, '');
}

function isNamed(one: { readonly id: string; readonly name: string }, wanted: string): boolean {
  return one.id === wanted || one.name === wanted;
}

function milliseconds(time: number | undefined): number | undefined {
  return typeof time === 'number' && Number.isFinite(time)
    ? Math.max(0, Math.round(time))
    : undefined;
}

function toEntry({ id, description, author, appliedAt, durationMs }: StatusEntry): AppliedEntry {
  return {
    name: id,
    description: description ?? undefined,
    author: author ?? undefined,
    appliedAt: appliedAt === null ? undefined : new Date(appliedAt),
    executionTime: durationMs ?? undefined,
  };
}

function byTime(a: AppliedEntry, b: AppliedEntry): number {
  return (a.appliedAt?.getTime() ?? 0) - (b.appliedAt?.getTime() ?? 0);
}

async function use<T>(work: (migrator: Migrator) => Promise<T>): Promise<T> {
  const migrator = createMigrator({ root: MigrationTracker.root });
  try {
    return await work(migrator);
  } finally {
    await migrator.close();
  }
}
