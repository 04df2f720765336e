import { GodwitError } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { ident } from '../text.ts';
import { type Column, catalogSql, type Index, toColumn, toIndex } from './catalog.ts';
import type { Pool } from './pool.ts';

export type { Column };

/** The table as the statements need it. */
export interface Target {
  /** The table of the ledgers, quoted. */
  readonly ledgers: string;
  readonly oid: string;
  /** Schema and name, quoted. */
  readonly table: string;
  /** The name alone, quoted: what columns are qualified with, as users do. */
  readonly alias: string;
  readonly columns: readonly Column[];
  readonly key: readonly Column[];
  readonly descending: boolean;
  /** New rows get greater keys. */
  readonly growing: boolean;
  readonly estimate: number;
  readonly rowBytes: number | undefined;
  readonly notes: readonly string[];
}

/**
 * Looks the table of a job up.
 *
 * @throws GodwitError GODWIT_BACKFILL_INVALID
 */
export async function readTarget(pool: Pool, ledgers: string, job: BackfillJob): Promise<Target> {
  const results = await pool.run(catalogSql(job.target));
  const [table, columnRows, indexRows] = results;
  const row = table?.rows[0];
  if (row === undefined) throw missing(job);
  const [oid = '', schema, name, kind, estimate, pages, hasChildren] = row;
  refuseKind(job, kind ?? '');
  const alias = ident(name ?? '');
  const columns = (columnRows?.rows ?? []).map((each) => toColumn(each, alias));
  const indexes = (indexRows?.rows ?? []).map(toIndex);
  const key = chooseKey(job, columns, indexes);
  const tuples = Number(estimate);
  return {
    ledgers,
    oid: oid ?? '',
    table: `${ident(schema ?? '')}.${alias}`,
    alias,
    columns,
    key,
    descending: job.order === 'descending',
    growing: key.length > 0 && key[0]?.growing === true,
    estimate: tuples,
    rowBytes: tuples > 0 ? Math.round((Number(pages) * 8192) / tuples) : undefined,
    notes: [
      ...(hasChildren === 't' && kind === 'r'
        ? ['tables inherit from this one: their rows are changed too, and their keys must differ']
        : []),
      ...indexNote(key, indexes),
    ],
  };
}

function chooseKey(
  job: BackfillJob,
  columns: readonly Column[],
  indexes: readonly Index[],
): Column[] {
  const names = job.key ?? indexes.find(({ primary }) => primary)?.columns;
  if (names === undefined) {
    throw invalid(job, `${job.target} has no primary key`, [
      'name the columns that identify a row: key: ["a", "b"] (unique, not null)',
      `or give it one: alter table ${job.target} add primary key (…)`,
    ]);
  }
  const key = names.map((name) => {
    const column = columns.find((each) => each.name === name);
    if (column === undefined) throw invalid(job, `${job.target} has no column ${name}`, []);
    return column;
  });
  const nullable = key.find(({ notNull }) => !notNull);
  if (nullable) {
    throw invalid(job, `The key's column ${nullable.name} may be null`, [
      `alter table ${job.target} alter column ${nullable.name} set not null`,
      'or use the primary key: leave key out',
    ]);
  }
  const isUnique = indexes.some(
    (index) => index.unique && index.columns.every((column) => names.includes(column)),
  );
  if (!isUnique) {
    throw invalid(job, `The key (${names.join(', ')}) is not unique`, [
      `create unique index concurrently on ${job.target} (${names.join(', ')})`,
      'or use the primary key: leave key out',
    ]);
  }
  return key;
}

function indexNote(key: readonly Column[], indexes: readonly Index[]): string[] {
  const found = indexes.some(({ columns }) => key.every(({ name }, at) => columns[at] === name));
  const list = key.map(({ name }) => name).join(', ');
  return found ? [] : [`no index begins with (${list}): each chunk has to look for its rows`];
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  I: 'an index',
  c: 'a type',
};

function refuseKind(job: BackfillJob, kind: string): void {
  if (kind === 'r' || kind === 'p') return;
  throw invalid(job, `${job.target} is ${KINDS[kind] ?? 'no table'}`, [
    kind === 'f' ? 'run the backfill on the server that has the table' : 'name the table itself',
  ]);
}

function missing(job: BackfillJob): GodwitError {
  return invalid(job, `There is no table ${job.target}`, [
    'write it with its schema, such as app.users',
    'or is the table made by a migration that has not run? godwit status',
  ]);
}

export function invalid(job: BackfillJob, what: string, next: readonly string[]): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_INVALID', `The backfill ${job.name}: ${what}.`, {
    state: 'Nothing was changed.',
    next,
  });
}
