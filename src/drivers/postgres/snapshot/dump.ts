import type { Snapshot, SnapshotSection } from '../../../ports/snapshot.ts';
import type { Connection } from '../connection.ts';
import { literal } from '../text.ts';
import {
  type Catalog,
  type CatalogOptions,
  createReading,
  type Reading,
  readCatalog,
  schemaCondition,
} from './catalog.ts';
import { constraints } from './constraints.ts';
import { functions } from './functions.ts';
import { indexes, statistics } from './indexes.ts';
import { orderPieces } from './order.ts';
import type { Piece } from './piece.ts';
import { defaultPrivileges, policies } from './policies.ts';
import { rolesIn, unquoted } from './privileges.ts';
import { parseList } from './rows.ts';
import { extensions, schemas } from './schemas.ts';
import { sequences } from './sequences.ts';
import { tables } from './tables.ts';
import { eventTriggers, rules, triggers } from './triggers.ts';
import { collations, domains, types } from './types.ts';
import { unseenWarnings } from './unseen.ts';
import { views } from './views.ts';

/**
 * A schema, read. To back up a database with its rows:
 *
 * ```ts
 * await connection.simple('begin isolation level repeatable read read only');
 * const schema = await readSchema(connection, { owners: true, recreate: true });
 * for (const text of writeSchema(schema, 'pre-data')) write(text);
 * for (const { name, columns } of schema.tables) write(rows of name (columns));
 * for (const name of schema.sequences) write(setval of name);
 * for (const text of writeSchema(schema, 'post-data')) write(text);
 * ```
 */
export interface SchemaDump {
  readonly server: string;
  /** In the order in which they can be made. */
  readonly pieces: readonly Piece[];
  /** Sentences about what is there and is not in it. */
  readonly warnings: readonly string[];
  /** Schemas that were taken in, unquoted. */
  readonly schemas: readonly string[];
  /** Tables that hold rows themselves, by name, quoted, with the columns that can be written. */
  readonly tables: readonly DataTable[];
  /** All sequences, those of identity columns too, quoted. */
  readonly sequences: readonly string[];
  /** Materialised views that held rows, in the order to refresh them, quoted. */
  readonly populated: readonly string[];
  /** Roles that are named, and must be there before it is loaded; unquoted. */
  readonly roles: readonly string[];
  readonly options: CatalogOptions;
}

export interface DataTable {
  readonly name: string;
  readonly columns: readonly string[];
}

const READERS: readonly ((catalog: Catalog, reading: Reading) => Piece[])[] = [
  schemas,
  extensions,
  collations,
  types,
  domains,
  sequences,
  functions,
  tables,
  views,
  indexes,
  statistics,
  constraints,
  rules,
  triggers,
  policies,
  eventTriggers,
  defaultPrivileges,
];

/**
 * Reads a schema with a few questions to the catalogs. Writes nothing. In a transaction
 * that is open it sees what that sees, and leaves the transaction's search_path as it was;
 * else it opens one of its own.
 *
 * @param options `store` is godwit's own schema, to leave it out; absent, it is taken in.
 *   `recreate` writes what drops the schemas first.
 */
export async function readSchema(
  connection: Connection,
  options: CatalogOptions = {},
): Promise<SchemaDump> {
  const own = connection.state === 'I';
  if (own) await connection.simple('begin isolation level repeatable read read only');
  const [before] = await connection.simple("select pg_catalog.current_setting('search_path')");
  const path = before?.rows[0]?.[0] ?? '';
  try {
    await connection.simple("select pg_catalog.set_config('search_path', '', true)");
    const read = await readCatalog(connection, options);
    return assemble(read.catalog, createReading(read, options), read.server, options);
  } finally {
    if (own) await connection.simple('rollback');
    else if (connection.state === 'T') {
      await connection.simple(
        `select pg_catalog.set_config('search_path', ${literal(path)}, true)`,
      );
    }
  }
}

function assemble(
  catalog: Catalog,
  reading: Reading,
  server: string,
  options: CatalogOptions,
): SchemaDump {
  const pieces = orderPieces(
    READERS.flatMap((reader) => reader(catalog, reading)),
    reading.depends,
  );
  const filled = new Set(
    catalog.views
      .filter((row) => row.relkind === 'm' && row.populated === 't')
      .map(({ name }) => name),
  );
  return {
    server: server.split(' ')[0] ?? '',
    pieces,
    warnings: unseenWarnings(catalog.unseen),
    schemas: catalog.schemas.map(({ plain }) => plain).sort(),
    tables: catalog.tables
      .filter(({ relkind }) => relkind === 'r')
      .map(({ name, oid }) => ({
        name,
        columns: (reading.columns.get(oid) ?? [])
          .filter(({ generated }) => generated === '')
          .map((column) => column.name),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    sequences: catalog.sequences.map(({ name }) => name).sort(),
    populated: pieces
      .filter(({ kind, name }) => kind === 'materialized view' && filled.has(name))
      .map(({ name }) => name),
    roles: rolesOf(catalog, options),
    options,
  };
}

/**
 * The schema as SQL, in pieces that each end with a line. `pre-data` begins with the
 * settings that both sections need, and, when it was read with `recreate`, with what drops
 * the schemas that are there; `post-data` ends with the refresh of materialised views when
 * `refresh` is asked for.
 */
export function* writeSchema(
  dump: SchemaDump,
  section: SnapshotSection,
  { refresh = false }: { readonly refresh?: boolean } = {},
): Generator<string> {
  if (section === 'pre-data') {
    yield SETTINGS;
    if (dump.options.recreate) yield dropSchemas(dump.options);
  }
  for (const piece of dump.pieces) {
    if (piece.section === section) yield writePiece(piece.statements);
  }
  if (section === 'post-data' && refresh) {
    for (const name of dump.populated) yield `\nREFRESH MATERIALIZED VIEW ${name};\n`;
  }
}

export function writePiece(statements: readonly string[]): string {
  return `\n${statements.map((statement) => `${statement};\n`).join('')}`;
}

/** What a file needs before it can be loaded, whoever loads it. */
export const SETTINGS = `SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SELECT pg_catalog.set_config('search_path', '', false);
`;

/**
 * Every schema that the same options would take in goes, also one that was made since:
 * what is put back is exactly what was there.
 */
function dropSchemas(options: CatalogOptions): string {
  return `
DO $godwit$
DECLARE
  schema_name text;
  def record;
BEGIN
  FOR schema_name IN SELECT n.nspname FROM pg_catalog.pg_namespace n
    WHERE ${schemaCondition(options)}
    ORDER BY 1
  LOOP
    EXECUTE pg_catalog.format('DROP SCHEMA %I CASCADE', schema_name);
  END LOOP;
  -- What is made must get the rights that were given, and no others.
  FOR def IN SELECT pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I ', r.rolname) AS change,
      r.rolname AS owner, d.defaclacl AS acl, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES'
        WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
        WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects
    FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
    WHERE d.defaclnamespace = 0
  LOOP
    FOR schema_name IN SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC'
        ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END
      FROM pg_catalog.aclexplode(def.acl) a
    LOOP
      EXECUTE def.change || 'REVOKE ALL ON ' || def.objects || ' FROM ' || schema_name;
    END LOOP;
    EXECUTE def.change || 'GRANT ALL ON ' || def.objects || ' TO ' || pg_catalog.quote_ident(def.owner);
    IF def.objects IN ('FUNCTIONS', 'TYPES') THEN
      EXECUTE def.change || 'GRANT ALL ON ' || def.objects || ' TO PUBLIC';
    END IF;
  END LOOP;
END
$godwit$;
`;
}

/** What the server brings itself is everywhere. */
function rolesOf(catalog: Catalog, { owners = false, grants = true }: CatalogOptions): string[] {
  const roles = new Set(catalog.policies.flatMap(({ roles }) => parseList(roles)).map(unquoted));
  const owned = [catalog.schemas, catalog.tables, catalog.views, catalog.sequences].flat();
  const all = [...owned, ...catalog.functions, ...catalog.types, ...catalog.domains];
  for (const { acl, owner } of all) {
    const given = grants ? rolesIn(acl) : [];
    for (const role of given) if (role !== unquoted(owner)) roles.add(role);
    if (owners) roles.add(unquoted(owner));
  }
  for (const { acl, role } of grants ? catalog.defaultPrivileges : []) {
    for (const each of [...rolesIn(acl), unquoted(role)]) roles.add(each);
  }
  for (const { acl } of grants ? catalog.columns : [])
    for (const role of rolesIn(acl)) roles.add(role);
  return [...roles].filter((role) => role !== 'PUBLIC' && !role.startsWith('pg_')).sort();
}

/** As data, for `schema dump --json` and diffs. */
export function toSnapshot(dump: SchemaDump, driver: Snapshot['driver']): Snapshot {
  return {
    format: 1,
    driver,
    server: dump.server,
    objects: dump.pieces.map(({ kind, name, of, section, statements }) => ({
      kind,
      name,
      ...(of !== undefined && { of }),
      section,
      definition: statements.join(';\n'),
    })),
    roles: dump.roles,
    warnings: dump.warnings,
  };
}
