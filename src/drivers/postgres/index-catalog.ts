import type { Job } from '../../ports/session.ts';
import type { Connection } from './connection.ts';
import type { Interrupts } from './interrupt.ts';
import { sendOwn } from './send.ts';
import type { AnalysedStatement } from './sql/index.ts';
import { ident, literal } from './text.ts';
import { pause } from './wait.ts';
import type { Workplace } from './workplace.ts';

interface FoundIndex {
  readonly schema: string;
  readonly name: string;
  readonly valid: boolean;
  /** Somebody is building it right now. */
  readonly building: boolean;
}

type Target = NonNullable<AnalysedStatement['concurrentIndex']>;

/** Whether an interrupted CREATE INDEX CONCURRENTLY had finished after all. */
export async function isIndexBuilt(
  connection: Connection,
  { concurrentIndex }: AnalysedStatement,
): Promise<boolean> {
  if (concurrentIndex?.name === undefined) return false;
  const found = await findIndexes(connection, concurrentIndex);
  return found.some((index) => index.valid);
}

/**
 * An index that a broken CREATE INDEX CONCURRENTLY left behind is dropped before it is
 * built again: as it is, it costs every write and serves no query.
 */
export async function dropInvalidIndexes(
  place: Workplace,
  job: Job,
  { concurrentIndex }: AnalysedStatement,
  interrupts: Interrupts,
): Promise<void> {
  if (!concurrentIndex) return;
  for (;;) {
    const invalid = (await findIndexes(place.connection, concurrentIndex)).filter(
      (index) => !index.valid,
    );
    if (invalid.length === 0) return;
    interrupts.check();
    if (invalid.some((index) => index.building)) {
      await pause(200, AbortSignal.any([job.stop, job.abort]));
      continue;
    }
    for (const { schema, name } of invalid) {
      const { run, id, direction } = job.header;
      const message = `dropping the invalid index ${name} that an earlier attempt left behind`;
      job.emit({ type: 'run.log', run, id, direction, message });
      await sendOwn(place, [`drop index concurrently if exists ${ident(schema)}.${ident(name)}`]);
    }
  }
}

/** Indexes of the table by the name, or by the names the server would choose. */
async function findIndexes(connection: Connection, target: Target): Promise<FoundIndex[]> {
  const table =
    target.schema === undefined
      ? ident(target.table)
      : `${ident(target.schema)}.${ident(target.table)}`;
  const named =
    target.name === undefined
      ? `c.relname ~ ${literal(`^${escapePattern(target.table)}_.*_idx\\d*$`)}`
      : `c.relname = ${literal(target.name)}`;
  const [result] = await connection.simple(
    `select n.nspname, c.relname, i.indisvalid and i.indisready,
      exists (select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid)
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where i.indrelid = pg_catalog.to_regclass(${literal(table)}) and ${named}`,
  );
  return (result?.rows ?? []).map(([schema, name, valid, building]) => ({
    schema: schema ?? '',
    name: name ?? '',
    valid: valid === 't',
    building: building === 't',
  }));
}

function escapePattern(text: string): string {
  return text.replace(/[^\w]/g, '.');
}
