import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Settings } from '../config/settings.ts';
import { createHeader } from '../core/job.ts';
import { kindOf } from '../core/mirror.ts';
import { GodwitError } from '../errors.ts';
import type { Driver } from '../ports/driver.ts';
import type { Actor, EndedEvent, MirrorSpec } from '../ports/history.ts';
import type { Migration } from '../ports/migration.ts';
import type { Session } from '../ports/session.ts';
import type { SourceListing, SourceProblem } from '../ports/source.ts';
import { currentActor } from './actor.ts';
import { listEarly } from './list-early.ts';
import type { WriteOptions } from './options.ts';
import type { Project } from './project.ts';
import { type ProjectState, readState } from './read-state.ts';

/** All that a writing command works with, while it holds the lock. */
export interface Work {
  readonly project: Project;
  readonly settings: Settings;
  readonly driver: Driver;
  readonly mirrors: readonly MirrorSpec[];
  readonly session: Session;
  readonly by: Actor;
  /** The history as it was after the lock was taken, with the files of that moment. */
  readonly state: ProjectState;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
}

/**
 * Takes the lock, reads the history under it (for the folder see `listEarly`), takes over what
 * people wrote into mirrors, and lets go of the lock whatever happens.
 */
export async function withSession<T>(
  project: Project,
  command: string,
  options: WriteOptions,
  work: (work: Work) => Promise<T>,
): Promise<T> {
  const settings = await project.settings();
  if (project.options.migrations === undefined && settings.migrations.length === 0) {
    refuseMissing(settings.dirs);
  }
  const listing = listEarly(project);
  return withLock(project, command, options, async (locked) => {
    const state = await takeOver(project, locked.session, locked.by, listing());
    return work({ ...locked, mirrors: await project.mirrors(), state });
  });
}

/** Takes the lock and lets go of it whatever happens. Reads neither folder nor history. */
export async function withLock<T>(
  project: Project,
  command: string,
  options: WriteOptions,
  work: (locked: Omit<Work, 'state' | 'mirrors'>) => Promise<T>,
): Promise<T> {
  const settings = await project.settings();
  const driver = await project.driver();
  const { emit } = project;
  emit({ type: 'target', target: driver.target, command });
  const stop = options.signal ?? new AbortController().signal;
  const abort = options.abort ?? new AbortController().signal;
  const by = currentActor(settings.root);
  const session = await driver.acquire({
    by,
    command,
    timeoutMs: settings.lockTimeoutMs,
    leaseMs: settings.lockLeaseMs,
    signal: stop,
    emit,
  });
  try {
    return await work({ project, settings, driver, session, by, stop, abort });
  } finally {
    await session.release();
    emit({ type: 'lock.released', fence: session.fence });
  }
}

/** A folder that was mistyped is told before anything is locked or made in the database. */
function refuseMissing(dirs: readonly string[]): void {
  const missing = dirs.filter((dir) => !existsSync(dir));
  if (missing.length === 0) return;
  throw new GodwitError('GODWIT_FOLDER_MISSING', `There is no folder ${missing.join(', ')}.`, {
    where: { file: missing[0] },
    state: 'No database was contacted.',
    next: ['name the folder: --dir FOLDER', 'or begin one: godwit create NAME'],
  });
}

/** What was half dropped is not to be built upon, nor its records kept. */
export function refuseHalfReset(found: SourceProblem | undefined): void {
  if (found?.code !== 'GODWIT_RESET_UNFINISHED') return;
  throw new GodwitError(found.code, found.message, {
    state: 'Nothing was run.',
    next: [found.fix],
  });
}

/** Imports what only mirrors know. The state it returns has nobody else in it. */
async function takeOver(
  project: Project,
  session: Session,
  by: Actor,
  listing: Promise<SourceListing>,
): Promise<ProjectState> {
  const before = await readState(project, listing);
  refuseHalfReset(before.problems.at(0));
  for (const { mirror, imported } of before.imports) {
    const events = imported.map(
      (one): EndedEvent => ({
        ...(one.migration
          ? createHeader(one.migration, 'up', { by, fence: session.fence })
          : {
              run: randomUUID(),
              kind: kindOf(mirror),
              version: one.version,
              id: one.id,
              name: one.name,
              direction: 'up',
              by,
              fence: session.fence,
            }),
        event: 'ended',
        status: 'applied',
        effect: 'complete',
        via: 'import',
        durationMs: 0,
        reason: `found in ${mirror.name}`,
      }),
    );
    await session.append(events, []);
    project.emit({
      type: 'history.imported',
      mirror: mirror.name,
      ids: imported.map((one) => one.id),
    });
  }
  if (before.baselines.length > 0) {
    await recordBaselines(project, session, by, before.baselines);
  }
  const changed = before.imports.length + before.baselines.length > 0;
  const after = changed ? await readState(project) : before;
  return { ...after, holder: undefined };
}

/** A database that had what a baseline stands for has the baseline. */
export async function recordBaselines(
  project: Project,
  session: Session,
  by: Actor,
  baselines: readonly Migration[],
): Promise<void> {
  const events = baselines.map(
    (migration): EndedEvent => ({
      ...createHeader(migration, 'up', { by, fence: session.fence }),
      event: 'ended',
      status: 'applied',
      effect: 'complete',
      via: 'baseline',
      durationMs: 0,
      reason: `replaces ${migration.replaces?.versions.join(', ') ?? ''}`,
    }),
  );
  await session.append(events, await project.mirrors());
}
