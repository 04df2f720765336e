import type { PublicIdEntry } from '../../core/public-ids/registry.ts';
import type { ErrorInfo } from '../../errors.ts';
import type { BackfillSpec } from '../../ports/backfill-spec.ts';
import { retry, run } from '../backfill/runs.ts';
import type { BackfillReport, BackfillRunOptions } from '../backfill/types.ts';
import type { Project } from '../project.ts';

export interface Filled {
  readonly filled: number;
  readonly collisions: number;
  readonly error?: ErrorInfo | undefined;
}

/** Rounds in which not one of the rows that were set aside got an id. */
const FRUITLESS = 3;

/**
 * Gives every row without an id one. The ledger resumes one that was killed; a row whose id
 * another row has is set aside by the engine, and gets a new draw.
 */
export async function fillTable(
  project: Project,
  entry: PublicIdEntry,
  create: () => string,
  options: BackfillRunOptions,
): Promise<Filled> {
  const spec = specOf(entry, create, (await project.driver()).capabilities.sql);
  // What is missing now is what there is to do, whatever was complete before.
  let report = await run(project, spec, { ...options, again: true, acceptDefinition: true });
  let collisions = 0;
  let aside = report.summary.poisoned;
  for (let fruitless = 0; aside > 0 && fruitless < FRUITLESS; ) {
    if (isStopped(report, options)) break;
    collisions += aside;
    report = await retry(project, spec, options);
    fruitless = report.summary.poisoned < aside ? 0 : fruitless + 1;
    aside = report.summary.poisoned;
  }
  const filled = report.summary.changed;
  const error = report.error ?? (aside > 0 ? leftOver(entry, aside, spec) : undefined);
  return { filled, collisions, ...(error && { error }) };
}

function isStopped({ error }: BackfillReport, { signal, abort }: BackfillRunOptions): boolean {
  return error?.code === 'GODWIT_STOPPED' || signal?.aborted === true || abort?.aborted === true;
}

function specOf(entry: PublicIdEntry, create: () => string, sql: boolean): BackfillSpec {
  const { schema, table, column } = entry;
  const name = `public-ids.${entry.name.replace(/[^\p{L}\p{N}_.-]/gu, '-')}`.slice(0, 100);
  return {
    name,
    ...(sql
      ? {
          table: schema === undefined ? table : `${schema}.${table}`,
          filter: `"${column.replaceAll('"', '""')}" is null`,
        }
      : { collection: table, filter: { [column]: null } }),
    fields: [column],
    transform: () => ({ [column]: create() }),
    sweep: 'until-empty',
    onError: 'skip-and-record',
  };
}

function leftOver({ name }: PublicIdEntry, count: number, spec: BackfillSpec): ErrorInfo {
  return {
    code: 'GODWIT_BACKFILL_FAILED',
    message: `${count} ${count === 1 ? 'row' : 'rows'} of ${name} could not be given a public id.`,
    state: 'All other rows have theirs.',
    next: [
      `see which rows, and why: godwit backfill status ${spec.name}`,
      'once they are mended: godwit backfill public-ids',
    ],
  };
}
