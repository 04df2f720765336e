import type { SnapshotOptions } from '../../../ports/snapshot.ts';
import type { Connection, SimpleResult } from '../connection.ts';
import { literal } from '../text.ts';
import { COLUMNS, type ColumnRow, NOT_NULLS, type NotNullRow } from './columns.ts';
import { COMMENTS, type Comments, readComments } from './comments.ts';
import { type CheckRow, CONSTRAINTS } from './constraints.ts';
import { DEPENDS, type Depends, readDepends } from './depends.ts';
import { AGGREGATES, FUNCTIONS } from './functions.ts';
import { INDEXES, type IndexRow, STATISTICS } from './indexes.ts';
import { DEFAULT_PRIVILEGES, POLICIES } from './policies.ts';
import type { Query, Row, Scope } from './rows.ts';
import { EXTENSIONS, SCHEMAS } from './schemas.ts';
import { SEQUENCES, type SequenceRow } from './sequences.ts';
import { TABLES, type TableRow } from './tables.ts';
import { EVENT_TRIGGERS, RULES, TRIGGERS } from './triggers.ts';
import { COLLATIONS, DOMAINS, TYPES } from './types.ts';
import { UNSEEN } from './unseen.ts';
import { VIEWS, type ViewRow } from './views.ts';

/** All questions, asked in one message. */
const QUERIES = {
  schemas: SCHEMAS,
  extensions: EXTENSIONS,
  collations: COLLATIONS,
  types: TYPES,
  domains: DOMAINS,
  sequences: SEQUENCES,
  functions: FUNCTIONS,
  aggregates: AGGREGATES,
  tables: TABLES,
  columns: COLUMNS,
  notNulls: NOT_NULLS,
  constraints: CONSTRAINTS,
  indexes: INDEXES,
  statistics: STATISTICS,
  views: VIEWS,
  triggers: TRIGGERS,
  rules: RULES,
  eventTriggers: EVENT_TRIGGERS,
  policies: POLICIES,
  defaultPrivileges: DEFAULT_PRIVILEGES,
  comments: COMMENTS,
  depends: DEPENDS,
  unseen: UNSEEN,
} as const;

type Rows<Q> = Q extends Query<infer R> ? readonly R[] : never;

/** What the catalogs answered. */
export type Catalog = { readonly [K in keyof typeof QUERIES]: Rows<(typeof QUERIES)[K]> };

/** What the kinds need to know of each other. */
export interface Reading {
  readonly version: number;
  readonly options: { readonly owners: boolean; readonly grants: boolean };
  /** The schemas are dropped before: `public` has to be made again too. */
  readonly recreate: boolean;
  readonly comments: Comments;
  readonly depends: Depends;
  readonly callers: ReadonlySet<string>;
  /** By oid, as all that follow. */
  readonly tables: ReadonlyMap<string, TableRow>;
  readonly views: ReadonlyMap<string, ViewRow>;
  readonly indexes: ReadonlyMap<string, IndexRow>;
  /** By the relation's oid. */
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>;
  readonly checks: ReadonlyMap<string, readonly CheckRow[]>;
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** By the table's oid and the column's number. */
  readonly identities: ReadonlyMap<string, SequenceRow>;
  readonly notNulls: ReadonlyMap<string, NotNullRow>;
}

export interface CatalogOptions extends SnapshotOptions {
  /** godwit's own schema, to leave it out. */
  readonly store?: string | undefined;
  readonly recreate?: boolean | undefined;
}

/** SQL: schemas that are taken in. Also used when what was dumped is put back. */
export function schemaCondition(options: CatalogOptions): string {
  const { include, exclude = [], store } = options;
  const out = [...exclude, ...(store === undefined ? [] : [store])];
  return [
    String.raw`n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'`,
    `not exists (select from pg_catalog.pg_depend m where m.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass and m.objid = n.oid and m.deptype = 'e')`,
    ...(include === undefined || include.length === 0
      ? []
      : [`(${include.map(like).join(' or ')})`]),
    ...out.map((name) => `not ${like(name)}`),
  ].join('\n    and ');
}

function like(name: string): string {
  if (!name.includes('*')) return `n.nspname = ${literal(name).trim()}`;
  const pattern = name.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%');
  return `n.nspname like ${literal(pattern).trim()}`;
}

export interface CatalogRead {
  readonly scope: Scope;
  readonly server: string;
  readonly catalog: Catalog;
}

/** Must be called in a transaction, with an empty search_path. */
export async function readCatalog(
  connection: Connection,
  options: CatalogOptions,
): Promise<CatalogRead> {
  const [about, found] = await connection.simple(
    `select current_setting('server_version_num'), current_setting('server_version');
    select n.oid from pg_namespace n where ${schemaCondition(options)}`,
  );
  const [version, server] = about?.rows[0] ?? [];
  const schemas = found?.rows.map(([oid]) => oid).join(', ') || '0';
  const scope = { version: Number(version), schemas };
  const names = Object.keys(QUERIES) as (keyof typeof QUERIES)[];
  const results = await connection.simple(
    names.map((name) => QUERIES[name].sql(scope)).join(';\n'),
  );
  const catalog = Object.fromEntries(
    names.map((name, index) => [name, rowsOf(results[index])]),
  ) as unknown as Catalog;
  return { scope, server: server ?? '', catalog };
}

function rowsOf(result: SimpleResult | undefined): Row[] {
  const { columns = [], rows = [] } = result ?? {};
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null])));
}

export function createReading(
  { scope, catalog }: CatalogRead,
  { owners = false, grants = true, recreate = false }: CatalogOptions,
): Reading {
  const sequences = new Set(catalog.sequences.map(({ oid }) => oid));
  const depends = readDepends(catalog.depends, sequences);
  const owned = catalog.sequences.filter(({ deptype }) => deptype === 'i');
  return {
    version: scope.version,
    options: { owners, grants },
    recreate,
    comments: readComments(catalog.comments),
    depends,
    callers: depends.callers,
    tables: new Map(catalog.tables.map((row) => [row.oid, row])),
    views: new Map(catalog.views.map((row) => [row.oid, row])),
    indexes: new Map(catalog.indexes.map((row) => [row.oid, row])),
    columns: groupBy(catalog.columns, ({ relation }) => relation),
    checks: groupBy(
      catalog.constraints.filter(({ contype }) => contype === 'c'),
      ({ relation }) => relation,
    ),
    children: childrenOf(catalog),
    identities: new Map(owned.map((row) => [`${row.table}:${row.column}`, row])),
    notNulls: new Map(catalog.notNulls.map((row) => [`${row.relation}:${row.num}`, row])),
  };
}

function childrenOf(catalog: Catalog): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const { oid, parents } of catalog.tables) {
    for (const parent of JSON.parse(parents ?? '[]') as string[]) {
      children.set(parent, [...(children.get(parent) ?? []), oid]);
    }
  }
  return children;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
