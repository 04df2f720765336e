import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { findStatus, unknownMigration } from '../core/select.ts';
import { GodwitError } from '../errors.ts';
import type { HistoryEvent } from '../ports/history.ts';
import type { LockHolder } from '../ports/session.ts';
import type { Project } from './project.ts';
import { readState, statusesOf } from './read-state.ts';
import { readWithHolder } from './read-with-holder.ts';
import type { HistoryReport, HistoryRun, ShowReport } from './reports.ts';
import { statusEntry } from './status.ts';

export async function readHistory(
  project: Project,
  options: { readonly id?: string | undefined; readonly limit?: number | undefined },
): Promise<HistoryReport> {
  const driver = await project.driver();
  const version = options.id === undefined ? undefined : await versionOf(project, options.id);
  const { found, holder } = await readWithHolder(
    driver,
    () => driver.history.events({ version, limit: options.limit }),
    (events) => foldRuns(events, undefined).some(({ status }) => status === 'interrupted'),
  );
  return { runs: foldRuns(found, holder) };
}

export async function showMigration(project: Project, id: string): Promise<ShowReport> {
  const [settings, driver, state] = await Promise.all([
    project.settings(),
    project.driver(),
    readState(project),
  ]);
  const status = findStatus(statusesOf(state), id);
  if (status === undefined) throw unknown(id, statusesOf(state));
  const events = await driver.history.events({ version: status.version });
  const file = status.migration?.file;
  const text =
    file === undefined ? undefined : await readFile(resolve(settings.root, file), 'utf8');
  return {
    migration: statusEntry(status),
    files: file !== undefined && text !== undefined ? [{ file, text }] : [],
    runs: foldRuns(events, state.holder),
  };
}

async function versionOf(project: Project, id: string): Promise<string> {
  const statuses = statusesOf(await readState(project));
  const status = findStatus(statuses, id);
  if (status === undefined) throw unknown(id, statuses);
  return status.version;
}

function unknown(id: string, statuses: ReturnType<typeof statusesOf>): GodwitError {
  const { code, message, fix } = unknownMigration(id, statuses);
  return new GodwitError(code, message, { next: [fix] });
}

/** One entry per run, in the order in which they began; newest last. */
function foldRuns(events: readonly HistoryEvent[], holder: LockHolder | undefined): HistoryRun[] {
  const runs = new Map<string, HistoryRun>();
  for (const event of events) {
    const before = runs.get(event.run);
    const run = { ...(before ?? newRun(event)), ...changes(event, holder) };
    runs.set(event.run, run);
  }
  return [...runs.values()];
}

function newRun(event: HistoryEvent): HistoryRun {
  return {
    run: event.run,
    id: event.id,
    version: event.version,
    name: event.name,
    kind: event.kind,
    direction: event.direction,
    status: 'interrupted',
    via: null,
    description: event.description ?? null,
    author: event.author ?? null,
    checksum: event.checksum ?? null,
    at: event.at.toISOString(),
    durationMs: null,
    error: null,
    result: null,
    counts: null,
    reason: null,
    backup: null,
    by: event.by,
    fence: event.fence,
  };
}

function changes(event: HistoryEvent, holder: LockHolder | undefined): Partial<HistoryRun> {
  switch (event.event) {
    case 'started':
    case 'checkpoint': {
      const running = holder?.alive === true && holder.fence === event.fence;
      return { status: running ? 'running' : 'interrupted' };
    }
    case 'accepted':
      return { status: 'accepted', reason: event.reason ?? null };
    case 'ended':
      return {
        status: event.status,
        via: event.via,
        durationMs: event.durationMs,
        error: event.error ?? null,
        result: event.result ?? null,
        counts: event.counts ?? null,
        reason: event.reason ?? null,
        backup: event.backup ?? null,
      };
  }
}
