import { literal } from '../text.ts';
import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import { list, type Piece } from './piece.ts';
import { grantStatements } from './privileges.ts';
import { aclColumns, notMember, type Owned, parseList, query } from './rows.ts';

export interface TypeRow extends Owned {
  readonly oid: string;
  readonly array: string;
  /** `pg_class` of a composite type. */
  readonly relation: string;
  readonly name: string;
  /** e enum, c composite, r range. */
  readonly typtype: string;
  readonly labels: string | null;
  readonly range: string | null;
}

const RANGE = `(select json_strip_nulls(json_build_object(
    'subtype', format_type(r.rngsubtype, null),
    'subtype_opclass', case when not o.opcdefault then format('%I.%I', np.nspname, o.opcname) end,
    'collation', case when r.rngcollation <> st.typcollation then format('%I.%I', nc.nspname, co.collname) end,
    'canonical', nullif(r.rngcanonical, 0)::regproc::text,
    'subtype_diff', nullif(r.rngsubdiff, 0)::regproc::text,
    'multirange', MULTIRANGE))
  from pg_range r
  join pg_type st on st.oid = r.rngsubtype
  join pg_opclass o on o.oid = r.rngsubopc
  join pg_namespace np on np.oid = o.opcnamespace
  left join pg_collation co on co.oid = r.rngcollation
  left join pg_namespace nc on nc.oid = co.collnamespace
  where r.rngtypid = t.oid)`;

export const TYPES = query<TypeRow>(
  ({ schemas, version }) => `select t.oid, t.typarray as array, t.typrelid as relation,
    format('%I.%I', n.nspname, t.typname) as name, t.typtype,
    (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels,
    case when t.typtype = 'r' then ${RANGE.replace(
      'MULTIRANGE',
      version < 140000
        ? 'null'
        : "(select format('%I.%I', mn.nspname, mt.typname) from pg_type mt join pg_namespace mn on mn.oid = mt.typnamespace where mt.oid = r.rngmultitypid)",
    )} end as range,
    ${aclColumns('t.typacl', 't.typowner', 'T')}
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  left join pg_class c on c.oid = t.typrelid
  where n.oid in (${schemas}) and t.typtype in ('e', 'c', 'r')
    and (t.typtype <> 'c' or c.relkind = 'c')
    and ${notMember('pg_type', 't.oid')}`,
);

export function types(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.types.map((row) => {
    const { comments } = reading;
    const ref = `pg_type:${row.oid}`;
    const fields = reading.columns.get(row.relation) ?? [];
    return {
      kind: 'type',
      name: row.name,
      section: 'pre-data',
      means: [ref, `pg_type:${row.array}`, `pg_class:${row.relation}`],
      statements: [
        createType(row, reading),
        ...commentOn(comments, `TYPE ${row.name}`, ref),
        ...fields.flatMap((field) =>
          commentOn(
            comments,
            `COLUMN ${row.name}.${field.name}`,
            `pg_class:${row.relation}`,
            Number(field.num),
          ),
        ),
        ...ownedBy(row, 'TYPE', reading),
      ],
    };
  });
}

function createType(row: TypeRow, { columns }: Reading): string {
  if (row.typtype === 'e') {
    const labels = parseList(row.labels).map((label) => literal(label).trim());
    return `CREATE TYPE ${row.name} AS ENUM (${labels.length === 0 ? '' : `\n${list(labels)}\n`})`;
  }
  if (row.typtype === 'c') {
    const fields = (columns.get(row.relation) ?? []).map(
      ({ name, type, collation }) => `${name} ${type}${collation ? ` COLLATE ${collation}` : ''}`,
    );
    return `CREATE TYPE ${row.name} AS (${fields.length === 0 ? '' : `\n${list(fields)}\n`})`;
  }
  const { multirange, ...range } = JSON.parse(row.range ?? '{}') as Record<string, string>;
  const settings = Object.entries({
    ...range,
    ...(multirange && { multirange_type_name: multirange }),
  });
  return `CREATE TYPE ${row.name} AS RANGE (\n${list(settings.map(([name, value]) => `${name} = ${value}`))}\n)`;
}

export function ownedBy(
  row: Owned & { name: string },
  word: string,
  { options }: Reading,
): string[] {
  const on = `${word} ${row.name}`;
  return [
    ...(options.owners ? [`ALTER ${on} OWNER TO ${row.owner}`] : []),
    ...(options.grants ? grantStatements(row, { on }) : []),
  ];
}

export interface DomainRow extends Owned {
  readonly oid: string;
  readonly array: string;
  readonly name: string;
  readonly base: string;
  readonly collation: string | null;
  readonly notnull: string;
  readonly standard: string | null;
  readonly checks: string | null;
}

interface DomainCheck {
  readonly oid: string;
  readonly name: string;
  readonly def: string;
  readonly valid: boolean;
}

export const DOMAINS = query<DomainRow>(
  ({
    schemas,
  }) => `select t.oid, t.typarray as array, format('%I.%I', n.nspname, t.typname) as name,
    format_type(t.typbasetype, t.typtypmod) as base,
    case when t.typcollation <> b.typcollation then
      (select format('%I.%I', cn.nspname, co.collname) from pg_collation co
        join pg_namespace cn on cn.oid = co.collnamespace where co.oid = t.typcollation) end as collation,
    t.typnotnull as notnull,
    coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) as standard,
    (select json_agg(json_build_object('oid', k.oid::text, 'name', quote_ident(k.conname),
        'def', pg_get_constraintdef(k.oid), 'valid', k.convalidated) order by k.conname collate "C")
      from pg_constraint k where k.contypid = t.oid and k.contype = 'c') as checks,
    ${aclColumns('t.typacl', 't.typowner', 'T')}
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
  join pg_type b on b.oid = t.typbasetype
  where t.typtype = 'd' and n.oid in (${schemas}) and ${notMember('pg_type', 't.oid')}`,
);

export function domains(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.domains.flatMap((row) => {
    const checks = JSON.parse(row.checks ?? '[]') as DomainCheck[];
    const valid = checks.filter((check) => check.valid);
    const late = checks.filter((check) => !check.valid);
    const whole = domain(row, valid, reading, true);
    // A function that takes the domain may be called by the domain's own check.
    const split = () => [
      domain(row, [], reading, false),
      ...valid.map((check) => domainCheck(row, check, reading, 'pre-data')),
    ];
    const pieces = [{ ...whole, ...(valid.length > 0 && { split }) }];
    return [...pieces, ...late.map((check) => domainCheck(row, check, reading, 'post-data'))];
  });
}

function domain(
  row: DomainRow,
  checks: readonly DomainCheck[],
  reading: Reading,
  whole: boolean,
): Piece {
  const { comments } = reading;
  const ref = `pg_type:${row.oid}`;
  const parts = [
    ...(row.collation ? [`COLLATE ${row.collation}`] : []),
    ...(row.standard === null ? [] : [`DEFAULT ${row.standard}`]),
    ...(row.notnull === 't' ? ['NOT NULL'] : []),
    ...checks.map(({ name, def }) => `CONSTRAINT ${name} ${def}`),
  ];
  return {
    kind: 'domain',
    name: row.name,
    section: 'pre-data',
    means: [
      ref,
      `pg_type:${row.array}`,
      ...(whole ? checks.map(({ oid }) => `pg_constraint:${oid}`) : []),
    ],
    statements: [
      `CREATE DOMAIN ${row.name} AS ${row.base}${parts.map((part) => `\n  ${part}`).join('')}`,
      ...commentOn(comments, `DOMAIN ${row.name}`, ref),
      ...checks.flatMap((check) => checkComment(row, check, reading)),
      ...ownedBy(row, 'DOMAIN', reading),
    ],
  };
}

function domainCheck(
  row: DomainRow,
  check: DomainCheck,
  reading: Reading,
  section: Piece['section'],
): Piece {
  return {
    kind: 'constraint',
    name: `${row.name}.${check.name}`,
    of: row.name,
    section,
    means: [`pg_constraint:${check.oid}`],
    needs: [`pg_type:${row.oid}`],
    statements: [
      `ALTER DOMAIN ${row.name} ADD CONSTRAINT ${check.name} ${check.def}`,
      ...checkComment(row, check, reading),
    ],
  };
}

function checkComment(row: DomainRow, check: DomainCheck, { comments }: Reading): string[] {
  const what = `CONSTRAINT ${check.name} ON DOMAIN ${row.name}`;
  return commentOn(comments, what, `pg_constraint:${check.oid}`);
}

export interface CollationRow {
  readonly oid: string;
  readonly name: string;
  readonly owner: string;
  /** The whole row: which columns there are differs by version. */
  readonly data: string;
}

export const COLLATIONS = query<CollationRow>(
  ({ schemas }) => `select o.oid, format('%I.%I', n.nspname, o.collname) as name,
    quote_ident(pg_get_userbyid(o.collowner)) as owner, to_jsonb(o.*) as data
  from pg_collation o join pg_namespace n on n.oid = o.collnamespace
  where n.oid in (${schemas}) and ${notMember('pg_collation', 'o.oid')}`,
);

const PROVIDERS: Readonly<Record<string, string>> = {
  i: 'icu',
  c: 'libc',
  b: 'builtin',
  d: 'default',
};

export function collations(catalog: Catalog, { comments, options }: Reading): Piece[] {
  return catalog.collations.map((row) => {
    const data = JSON.parse(row.data) as Record<string, string | boolean | null>;
    const locale = data['colllocale'] ?? data['colliculocale'];
    const [collate, ctype] = [data['collcollate'], data['collctype']];
    const text = (value: unknown): string => literal(String(value)).trim();
    const settings = [
      `provider = ${PROVIDERS[String(data['collprovider'])] ?? 'libc'}`,
      ...(locale ? [`locale = ${text(locale)}`] : []),
      ...(!locale && collate && collate === ctype ? [`locale = ${text(collate)}`] : []),
      ...(!locale && collate !== ctype
        ? [`lc_collate = ${text(collate)}`, `lc_ctype = ${text(ctype)}`]
        : []),
      ...(data['collicurules'] ? [`rules = ${text(data['collicurules'])}`] : []),
      ...(data['collisdeterministic'] === false ? ['deterministic = false'] : []),
    ];
    return {
      kind: 'collation',
      name: row.name,
      section: 'pre-data',
      means: [`pg_collation:${row.oid}`],
      statements: [
        `CREATE COLLATION ${row.name} (${settings.join(', ')})`,
        ...commentOn(comments, `COLLATION ${row.name}`, `pg_collation:${row.oid}`),
        ...(options.owners ? [`ALTER COLLATION ${row.name} OWNER TO ${row.owner}`] : []),
      ],
    };
  });
}
