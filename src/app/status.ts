import { existsSync } from 'node:fs';
import { computePlan } from '../core/plan.ts';
import { MIGRATION_STATES, type MigrationState, type MigrationStatus } from '../core/state.ts';
import { toGodwitError } from '../errors.ts';
import { hasRepeatables } from '../formats/repeatable-source.ts';
import type { Kind, Migration } from '../ports/migration.ts';
import type { Project } from './project.ts';
import { type ProjectState, readState, statusesOf } from './read-state.ts';
import type { StatusEntry, StatusReport } from './reports.ts';

export async function readStatus(project: Project): Promise<StatusReport> {
  const [driver, state] = await Promise.all([project.driver(), readState(project)]);
  const seeds = await seedsOf(project, state);
  const statuses = statusesOf(state);
  const { problems } = computePlan({
    ...state,
    request: { direction: 'up', outOfOrder: 'warn' },
  });
  const synced = await readDefinitions(project);
  return {
    database: { driver: driver.name, name: driver.target.database, host: driver.target.host },
    migrations: [...statuses, ...seeds].map(statusEntry),
    summary: summarize(statuses, 'migration'),
    ...(seeds.length > 0 && { seeds: summarize(seeds, 'seed') }),
    lock: state.holder ?? null,
    ...(synced.definitions && { definitions: synced.definitions }),
    problems: [...problems, ...synced.problems],
  };
}

type Synced = Pick<StatusReport, 'definitions' | 'problems'>;

/** A model that cannot be loaded does not keep the migrations from being shown. */
async function readDefinitions(project: Project): Promise<Synced> {
  const settings = await project.settings();
  if (!settings.sync.onUp && !hasRepeatables(settings)) return { problems: [] };
  try {
    const { definitionsNow } = await import('./sync/in-plan.ts');
    return { definitions: await definitionsNow(project), problems: [] };
  } catch (thrown) {
    const { code, message, next } = toGodwitError(thrown);
    const fix = next?.[0] ?? 'look closer: godwit sync --check';
    return { problems: [{ code, severity: 'error', message, fix }] };
  }
}

/** The folder alone, as if nothing was ever applied. */
export async function listFolder(project: Project): Promise<StatusEntry[]> {
  const { migrations } = await project.list();
  return migrations.map((migration) => statusEntry(fromFolder(migration)));
}

function fromFolder(migration: Migration): MigrationStatus {
  const { version, id } = migration;
  return { version, id, state: 'pending', migration, record: undefined };
}

export function statusEntry(status: MigrationStatus): StatusEntry {
  const { migration, record, state } = status;
  const applied = record?.state === 'applied';
  return {
    id: status.id,
    version: status.version,
    name: migration?.name ?? record?.name ?? status.id,
    description: migration?.description ?? record?.description ?? null,
    author: migration?.author ?? record?.author ?? null,
    kind: migration?.kind ?? record?.kind ?? 'migration',
    state,
    appliedAt: (applied && record.appliedAt?.toISOString()) || null,
    durationMs: (applied ? record.durationMs : undefined) ?? null,
    checksum: record?.checksum ?? migration?.checksum?.raw ?? null,
    file: migration?.file ?? null,
    ...(record?.error && { error: record.error }),
  };
}

/** Nothing of it is loaded for a project without seeds. */
async function seedsOf(project: Project, state: ProjectState): Promise<MigrationStatus[]> {
  const { seedDir, seeds } = await project.settings();
  const some = seeds.length > 0 || state.records.some(({ kind }) => kind === 'seed');
  if (!some && !existsSync(seedDir)) return [];
  const { readSeedStatuses } = await import('./seeds/seed-status.ts');
  return readSeedStatuses(project);
}

/** Kinds are counted apart. */
function summarize(
  statuses: readonly MigrationStatus[],
  kind: Kind,
): Record<MigrationState, number> {
  const summary = Object.fromEntries(MIGRATION_STATES.map((state) => [state, 0])) as Record<
    MigrationState,
    number
  >;
  for (const { state, migration, record } of statuses) {
    if ((migration?.kind ?? record?.kind) === kind) summary[state] += 1;
  }
  return summary;
}
