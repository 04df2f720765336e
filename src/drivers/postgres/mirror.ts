import type { MirrorRecord, MirrorSpec, RunHeader } from '../../ports/history.ts';
import type { Connection } from './connection.ts';
import { isMissing } from './history.ts';
import { asReader, readerOffset, type Store } from './store.ts';
import { ident, jsonLiteral, literal, qualified } from './text.ts';

/** What a mirror has to be told of: a run that was applied or reverted. */
export interface MirroredRun {
  readonly header: RunHeader;
  readonly status: 'applied' | 'reverted' | 'failed';
  readonly result?: unknown;
  /** Undefined: it is the time since the transaction began. */
  readonly durationMs?: number | undefined;
}

/**
 * Statements that bring the mirrors in step with a run, to be put into its transaction.
 * Whether the table exists is asked when they run, because the migration itself may have
 * created or dropped it.
 */
export function mirrorStatements(
  store: Store,
  mirrors: readonly MirrorSpec[],
  run: MirroredRun,
): string[] {
  if (run.status === 'failed') return [];
  return mirrors.flatMap((spec) => {
    if (run.header.kind !== (spec.kind ?? 'migration')) return [];
    const key = mirrorKey(spec, run.header);
    return key === undefined ? [] : [mirrorBlock(store, spec, key, run)];
  });
}

function mirrorBlock(store: Store, spec: MirrorSpec, key: string, run: MirroredRun): string {
  const table = qualified(spec.name);
  const applied = run.status === 'applied';
  const absent =
    spec.create === 'always' && applied
      ? `create table ${table} (${mirrorColumns(spec)});`
      : 'return;';
  const body = [
    `begin if pg_catalog.to_regclass(${literal(table)}) is null then ${absent} end if;`,
    tellAll(store, spec, table),
    `delete from ${table} where ${ident(spec.shape.key.field)} = ${literal(key)};`,
    ...(applied ? [insertInto(spec, table, key, run)] : []),
    'end',
  ].join(' ');
  return `do ${literal(body)}`;
}

/**
 * A mirror without a row is a new one, perhaps made by this very run: it is told all that
 * is applied. The newest record that applied or reverted a version decides.
 */
function tellAll(store: Store, spec: MirrorSpec, table: string): string {
  const { shape } = spec;
  const version = shape.key.value === 'version-number' ? 'h.version::numeric' : undefined;
  const columns: [field: string | undefined, value: string][] = [
    [shape.key.field, version ?? `h.${shape.key.value}`],
    [shape.appliedAt, 'h.at'],
    [shape.status, literal('applied')],
    [shape.description, 'h.description'],
    [shape.author, 'h.author'],
    [shape.durationMs, 'pg_catalog.round(h.duration_ms)'],
    [shape.result, 'h.result'],
  ];
  const present = columns.filter((entry): entry is [string, string] => entry[0] !== undefined);
  const numbers =
    version === undefined ? '' : ` and h.version ~ ${literal('^[0-9]+([.][0-9]+)?$')}`;
  return [
    `if not exists (select 1 from ${table}) then insert into ${table}`,
    `(${present.map(([field]) => ident(field)).join(',')})`,
    `select ${present.map(([, value]) => value).join(',')} from`,
    `(select distinct on (version) * from ${store.history} where kind = ${literal(spec.kind ?? 'migration')}`,
    `and event = 'ended' and status in ('applied','reverted') order by version, seq desc) h`,
    `where h.status = 'applied'${numbers} order by h.seq; end if;`,
  ].join(' ');
}

function insertInto(spec: MirrorSpec, table: string, key: string, run: MirroredRun): string {
  const { shape } = spec;
  const { header } = run;
  const values: [field: string | undefined, value: string][] = [
    [shape.key.field, literal(key)],
    [shape.appliedAt, 'pg_catalog.clock_timestamp()'],
    [shape.status, literal('applied')],
    [shape.description, literal(header.description)],
    [shape.author, literal(header.author)],
    [
      shape.durationMs,
      run.durationMs === undefined
        ? 'pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp()-pg_catalog.now())*1000)'
        : String(Math.round(run.durationMs)),
    ],
    [shape.result, jsonLiteral(run.result)],
  ];
  const present = values.filter((entry): entry is [string, string] => entry[0] !== undefined);
  const fields = present.map(([field]) => ident(field)).join(',');
  return `insert into ${table}(${fields}) values(${present.map(([, value]) => value).join(',')});`;
}

function mirrorColumns({ shape }: MirrorSpec): string {
  const columns: [field: string | undefined, type: string][] = [
    [shape.key.field, `${shape.key.value === 'version-number' ? 'numeric' : 'text'} primary key`],
    [shape.appliedAt, 'timestamptz'],
    [shape.status, 'text'],
    [shape.description, 'text'],
    [shape.author, 'text'],
    [shape.durationMs, 'bigint'],
    [shape.result, 'jsonb'],
  ];
  return columns
    .filter((entry): entry is [string, string] => entry[0] !== undefined)
    .map(([field, type]) => `${ident(field)} ${type}`)
    .join(', ');
}

/** The run's key in the mirror; undefined when its version is not the number it must be. */
function mirrorKey(spec: MirrorSpec, header: RunHeader): string | undefined {
  switch (spec.shape.key.value) {
    case 'version-number':
      return /^\d+(\.\d+)?$/.test(header.version) ? header.version : undefined;
    case 'version':
      return header.version;
    case 'id':
      return header.id;
    case 'name':
      return header.name;
  }
}

/** Rows of the mirror as they are; a missing table has none. */
export async function readMirror(
  connection: Connection,
  store: Store,
  spec: MirrorSpec,
): Promise<MirrorRecord[]> {
  try {
    const results = await connection.simple(
      asReader(
        store,
        `select t.${ident(spec.shape.key.field)}::text, pg_catalog.to_jsonb(t) from ${qualified(spec.name)} t`,
      ),
    );
    const rows = results[readerOffset(store)]?.rows ?? [];
    return rows.flatMap(([key, json]) =>
      // Text, because a timestamp of 17 digits does not fit a JavaScript number.
      key == null ? [] : [toRecord(spec, key, JSON.parse(json ?? '{}') as Record<string, unknown>)],
    );
  } catch (error) {
    if (connection.state === 'E') await connection.simple('rollback');
    if (isMissing(error)) return [];
    throw error;
  }
}

function toRecord({ shape }: MirrorSpec, key: string, row: Record<string, unknown>): MirrorRecord {
  const appliedAt = shape.appliedAt === undefined ? undefined : row[shape.appliedAt];
  const status = shape.status === undefined ? undefined : row[shape.status];
  return {
    key,
    ...(typeof appliedAt === 'string' && { appliedAt: new Date(appliedAt) }),
    ...(typeof status === 'string' && { status }),
  };
}
