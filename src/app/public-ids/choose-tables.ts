import {
  entriesOf,
  openRegistry,
  type PublicIdEntry,
  registryProblems,
} from '../../core/public-ids/registry.ts';
import { GodwitError } from '../../errors.ts';
import type { PublicIdReader, PublicIdState } from '../../ports/public-ids.ts';
import type { Project } from '../project.ts';
import type { PublicIdsOptions } from './types.ts';

export interface FoundTable {
  readonly entry: PublicIdEntry;
  readonly state: PublicIdState;
}

export interface Chosen {
  readonly found: readonly FoundTable[];
  readonly length: number;
  readonly reader: PublicIdReader;
}

const NOTHING = { state: 'Nothing was changed.' } as const;

/**
 * The registry's tables as they are now.
 *
 * @throws GodwitError GODWIT_PUBLIC_IDS_INVALID (no registry, a table it has not, a table
 *   without the column), GODWIT_UNSUPPORTED
 */
export async function chooseTables(project: Project, options: PublicIdsOptions): Promise<Chosen> {
  const settings = await project.settings();
  const registry = options.registry ?? settings.publicIds;
  const { tables, length } = openRegistry(registry);
  const problems = registryProblems(tables);
  if (problems.length > 0) throw invalid(problems);
  const entries = select(entriesOf(registry), options.tables);
  const driver = await project.driver();
  const reader = await driver.publicIds?.();
  if (reader === undefined) {
    throw new GodwitError('GODWIT_UNSUPPORTED', `The driver ${driver.name} has no public ids.`);
  }
  const found: FoundTable[] = [];
  for (const entry of entries) {
    // Where there are no schemas, the dot belongs to the name.
    const own = driver.capabilities.sql
      ? entry
      : { ...entry, schema: undefined, table: entry.name };
    const state = await reader.inspect(own);
    found.push({ entry: { ...own, schema: state.schema ?? own.schema }, state });
  }
  refuseUnfit(found, options.tables !== undefined);
  return { found, length, reader };
}

function select(
  entries: readonly PublicIdEntry[],
  asked: readonly string[] | undefined,
): readonly PublicIdEntry[] {
  if (entries.length === 0) {
    throw new GodwitError(
      'GODWIT_PUBLIC_IDS_INVALID',
      'The project has no registry of public ids.',
      {
        ...NOTHING,
        next: ["say whose ids begin with what in the config: publicIds: { patients: 'pat' }"],
      },
    );
  }
  if (asked === undefined) return entries;
  const unknown = asked.filter((name) => !entries.some((entry) => entry.name === name));
  if (unknown.length > 0) {
    throw new GodwitError(
      'GODWIT_PUBLIC_IDS_INVALID',
      `The registry of public ids has no table ${unknown.join(', ')}. It has: ${entries.map(({ name }) => name).join(', ')}.`,
      NOTHING,
    );
  }
  return entries.filter(({ name }) => asked.includes(name));
}

function refuseUnfit(found: readonly FoundTable[], asked: boolean): void {
  const problems = found.flatMap(({ entry, state }) => {
    switch (state.found) {
      case 'no-table':
        return asked ? [`there is no ${entry.name}`] : [];
      case 'no-column':
        return [
          `${entry.name} has no column ${entry.column}: alter table ${entry.name} add column ${entry.column} text`,
        ];
      case 'wrong-type':
        return [`${entry.name}.${entry.column} is no text`];
      case 'not-a-table':
        return [
          `${entry.name} is no ordinary table: where it is a view or partitioned, its ids must be made by a migration`,
        ];
      default:
        return [];
    }
  });
  if (problems.length > 0) throw invalid(problems);
}

function invalid(problems: readonly string[]): GodwitError {
  return new GodwitError(
    'GODWIT_PUBLIC_IDS_INVALID',
    `Public ids cannot be given:\n${problems.map((one) => `  - ${one}`).join('\n')}`,
    NOTHING,
  );
}
