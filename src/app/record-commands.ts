import { randomUUID } from 'node:crypto';
import { createHeader } from '../core/job.ts';
import { canonicalVersion, compareVersions } from '../core/ordering.ts';
import { findStatus, targetVersion, unknownMigration } from '../core/select.ts';
import { isApplied, type MigrationStatus } from '../core/state.ts';
import { GodwitError } from '../errors.ts';
import type {
  AcceptedEvent,
  EndedEvent,
  NewHistoryEvent,
  RunHeader,
  Via,
} from '../ports/history.ts';
import type { Direction } from '../ports/migration.ts';
import type { RecordOptions } from './options.ts';
import type { Project } from './project.ts';
import { statusesOf } from './read-state.ts';
import type { RecordReport } from './reports.ts';
import { type Work, withSession } from './with-session.ts';

/** A person says that a migration is applied, or is not. */
export function mark(
  project: Project,
  id: string,
  as: 'applied' | 'pending',
  options: RecordOptions,
): Promise<RecordReport> {
  return withSession(project, project.options.command ?? 'mark', options, async (work) => {
    const status = requireStatus(statusesOf(work.state), id);
    const current = status.record?.state ?? 'pending';
    if (current === as) return { records: [] };
    return record(work, [ended(work, status, as === 'applied' ? 'up' : 'down', 'mark', options)]);
  });
}

/** Everything up to and with the version counts as applied from now on. */
export function baseline(
  project: Project,
  version: string,
  options: RecordOptions,
): Promise<RecordReport> {
  return withSession(project, project.options.command ?? 'baseline', options, async (work) => {
    const statuses = statusesOf(work.state);
    const target = targetVersion(statuses, version);
    if (target === undefined) throw unknown(version, statuses);
    const events = statuses
      .filter((s) => s.migration && !isApplied(s) && compareVersions(s.version, target) <= 0)
      .map((s) => ended(work, s, 'up', 'baseline', options));
    return record(work, events);
  });
}

/** The present files of modified migrations count as the applied ones. */
export function accept(
  project: Project,
  ids: readonly string[],
  options: RecordOptions,
): Promise<RecordReport> {
  return withSession(project, project.options.command ?? 'accept', options, async (work) => {
    const statuses = statusesOf(work.state);
    const chosen = ids.length === 0 ? statuses : ids.map((id) => requireStatus(statuses, id));
    const events = chosen
      .filter((status) => status.state === 'modified')
      .map(
        (status): AcceptedEvent => ({
          ...headerOf(work, status, 'up'),
          event: 'accepted',
          reason: options.reason,
        }),
      );
    return record(work, events);
  });
}

async function record(work: Work, events: readonly NewHistoryEvent[]): Promise<RecordReport> {
  if (events.length > 0) await work.session.append(events, work.settings.mirrors);
  return {
    records: events.map((event) => ({
      id: event.id,
      version: event.version,
      status: event.event === 'ended' ? event.status : event.event,
    })),
  };
}

function ended(
  work: Work,
  status: MigrationStatus,
  direction: Direction,
  via: Via,
  options: RecordOptions,
): EndedEvent {
  return {
    ...headerOf(work, status, direction),
    event: 'ended',
    status: direction === 'up' ? 'applied' : 'reverted',
    effect: 'complete',
    via,
    durationMs: 0,
    reason: options.reason,
  };
}

function headerOf({ by, session }: Work, status: MigrationStatus, direction: Direction): RunHeader {
  const { migration, record } = status;
  if (migration) return createHeader(migration, direction, { by, fence: session.fence });
  return {
    run: randomUUID(),
    kind: record?.kind ?? 'migration',
    version: canonicalVersion(status.version),
    id: status.id,
    name: record?.name ?? status.id,
    direction,
    by,
    fence: session.fence,
  };
}

function requireStatus(statuses: readonly MigrationStatus[], id: string): MigrationStatus {
  const status = findStatus(statuses, id);
  if (status === undefined) throw unknown(id, statuses);
  return status;
}

function unknown(id: string, statuses: readonly MigrationStatus[]): GodwitError {
  const { code, message, fix } = unknownMigration(id, statuses);
  return new GodwitError(code, message, { state: 'Nothing was recorded.', next: [fix] });
}
