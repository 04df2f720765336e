import type { Connection } from './connection.ts';
import { literal } from './text.ts';

export interface Column {
  readonly name: string;
  /** Quoted. */
  readonly sql: string;
  readonly kind:
    | 'number'
    | 'boolean'
    | 'date'
    | 'uuid'
    | 'text'
    | 'json'
    | 'bytes'
    | 'inet'
    | 'keep';
  /** It tells rows apart, or points to others. */
  readonly identity: boolean;
  /** A sequence numbers it. */
  readonly serial: boolean;
  /** SQL of its value as text. */
  readonly read: string;
  /** SQL of the column's value of SQL for a text. */
  write(text: string): string;
}

export interface Reference {
  readonly parent: string;
  readonly pairs: readonly {
    /** Place of the child's column. */
    readonly at: number;
    /** The parent's, quoted, and its type. */
    readonly column: string;
    readonly type: string;
  }[];
}

export interface SampledTable {
  readonly name: string;
  readonly sql: string;
  readonly columns: readonly Column[];
  readonly references: readonly Reference[];
}

type Table = Pick<SampledTable, 'name' | 'sql'>;

export async function shapeOf(
  connection: Connection,
  tables: readonly Table[],
): Promise<SampledTable[]> {
  const shapes: SampledTable[] = [];
  for (const table of tables) {
    const columns = await columnsOf(connection, table);
    if (columns.length === 0) continue;
    shapes.push({ ...table, columns, references: await referencesOf(connection, table, columns) });
  }
  return shapes;
}

async function columnsOf(connection: Connection, { sql }: Table): Promise<Column[]> {
  const [result] = await connection.simple(
    `select a.attname, pg_catalog.format('%I', a.attname), pg_catalog.format_type(a.atttypid, a.atttypmod),
        coalesce(nullif(t.typbasetype, 0), t.oid)::pg_catalog.regtype::pg_catalog.text,
        t.typtype, t.typcategory, e.typcategory,
        exists (select from pg_catalog.pg_constraint c where c.conrelid = a.attrelid
          and c.contype in ('p', 'u', 'f') and a.attnum = any (c.conkey))
          or exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid
            and i.indisunique and a.attnum = any (i.indkey::pg_catalog.int2[])),
        (a.attidentity <> '' or a.atthasdef) and pg_catalog.pg_get_serial_sequence(${literal(sql)}, a.attname) is not null
      from pg_catalog.pg_attribute a
      join pg_catalog.pg_type t on t.oid = a.atttypid
      left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
      where a.attrelid = pg_catalog.to_regclass(${literal(sql)}) and a.attnum > 0
        and not a.attisdropped and a.attgenerated = ''
      order by a.attnum`,
  );
  return (result?.rows ?? []).map((row) => column(row.map((value) => value ?? '')));
}

function column(row: readonly string[]): Column {
  const [name = '', sql = '', type = '', base = '', typtype, category, element, identity, serial] =
    row;
  const texts = category === 'A' && element === 'S';
  const kind = texts ? 'json' : kindOf(base, typtype ?? '', category ?? '');
  return {
    name,
    sql,
    kind,
    identity: identity === 't',
    serial: serial === 't',
    read: texts ? `pg_catalog.to_jsonb(t.${sql})::pg_catalog.text` : `t.${sql}::pg_catalog.text`,
    write: (text) =>
      texts
        ? `case when ${text} is not null then array(select pg_catalog.jsonb_array_elements_text((${text})::pg_catalog.jsonb)) end::${type}`
        : `(${text})::${type}`,
  };
}

function kindOf(base: string, typtype: string, category: string): Column['kind'] {
  if (typtype === 'e') return 'keep';
  if (base === 'uuid' || base === 'json' || base === 'bytea') {
    return base === 'bytea' ? 'bytes' : base;
  }
  if (base === 'jsonb') return 'json';
  if (category === 'S') return 'text';
  if (category === 'B') return 'boolean';
  if (category === 'I') return 'inet';
  if (base === 'date' || base.startsWith('timestamp')) return 'date';
  return category === 'N' && base !== 'money' && !base.startsWith('reg') ? 'number' : 'keep';
}

async function referencesOf(
  connection: Connection,
  { sql }: Table,
  columns: readonly Column[],
): Promise<Reference[]> {
  const [result] = await connection.simple(
    `select c.oid, pg_catalog.format('%s.%s', n.nspname, p.relname), a.attname,
        pg_catalog.format('%I', b.attname), pg_catalog.format_type(b.atttypid, b.atttypmod)
      from pg_catalog.pg_constraint c
      join pg_catalog.pg_class p on p.oid = c.confrelid
      join pg_catalog.pg_namespace n on n.oid = p.relnamespace
      cross join lateral unnest(c.conkey, c.confkey) with ordinality k(child, parent, place)
      join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.child
      join pg_catalog.pg_attribute b on b.attrelid = c.confrelid and b.attnum = k.parent
      where c.contype = 'f' and c.conrelid = pg_catalog.to_regclass(${literal(sql)})
      order by c.oid, k.place`,
  );
  const found = new Map<string, { parent: string; pairs: Reference['pairs'][number][] }>();
  for (const [oid, parent, child, name, type] of result?.rows ?? []) {
    const one = found.get(String(oid)) ?? { parent: String(parent), pairs: [] };
    found.set(String(oid), one);
    const at = columns.findIndex((column) => column.name === child);
    one.pairs.push({ at, column: String(name), type: String(type) });
  }
  return [...found.values()];
}

/** As Extended JSON has it, so that what anonymises it knows what it is. */
export function plainOf({ kind }: Column, text: string | null): unknown {
  if (text === null) return null;
  if (kind === 'text') return text;
  if (kind === 'json') return JSON.parse(text);
  if (kind === 'boolean') return text === 'true' || text === 't';
  const tag = { number: '$number', date: '$date', uuid: '$uuid', bytes: '$bytes', inet: '$inet' };
  if (kind === 'keep') return { $keep: text };
  if (kind === 'bytes') return { $bytes: text.replace(/^\\x/, '') };
  return { [tag[kind]]: text };
}

/** Back again. */
export function textOf({ kind }: Column, value: unknown): string | null {
  if (kind === 'json') return value === null || value === undefined ? null : JSON.stringify(value);
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') return String(value);
  const [text] = Object.values(value);
  return kind === 'bytes' ? `\\x${text}` : String(text);
}
