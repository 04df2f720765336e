import { literal } from '../text.ts';
import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { Kind, Piece } from './piece.ts';
import { aclColumns, notMember, type Owned, query } from './rows.ts';
import { ownedBy } from './types.ts';

export interface FunctionRow extends Owned {
  readonly oid: string;
  readonly name: string;
  readonly args: string;
  readonly prokind: string;
  readonly def: string | null;
}

export const FUNCTIONS = query<FunctionRow>(
  ({ schemas }) => `select p.oid, format('%I.%I', n.nspname, p.proname) as name, p.prokind,
    pg_get_function_identity_arguments(p.oid) as args,
    case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end as def,
    ${aclColumns('p.proacl', 'p.proowner', 'f')}
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.oid in (${schemas})
    and not exists (select from pg_depend m where m.classid = 'pg_proc'::regclass
      and m.objid = p.oid and m.deptype in ('e', 'i'))`,
);

const WORDS: Readonly<Record<string, Kind>> = { a: 'aggregate', p: 'procedure' };

export function functions(catalog: Catalog, reading: Reading): Piece[] {
  const aggregates = new Map(catalog.aggregates.map((row) => [row.oid, row]));
  return catalog.functions.flatMap((row): Piece[] => {
    const kind = WORDS[row.prokind] ?? 'function';
    const aggregate = aggregates.get(row.oid);
    const args = aggregate ? aggregate.args || '*' : row.args;
    const signature = `${row.name}(${args})`;
    const made = aggregate ? createAggregate(signature, aggregate) : row.def?.trimEnd();
    if (!made) return [];
    const ref = `pg_proc:${row.oid}`;
    const word = kind.toUpperCase();
    return [
      {
        kind,
        name: signature,
        section: 'pre-data',
        means: [ref],
        statements: [
          made,
          ...commentOn(reading.comments, `${word} ${signature}`, ref),
          ...ownedBy({ ...row, name: signature }, word, reading).map((statement) =>
            // Rights on an aggregate are those on a function.
            aggregate
              ? statement.replace(/^(GRANT|REVOKE) (.+?) ON AGGREGATE /, '$1 $2 ON FUNCTION ')
              : statement,
          ),
        ],
      },
    ];
  });
}

export interface AggregateRow {
  readonly oid: string;
  readonly args: string;
  readonly settings: string;
  readonly hypothetical: string;
}

const NOT_GIVEN = 0;

const proc = (column: string): string => `nullif(a.${column}, ${NOT_GIVEN})::regproc::text`;

export const AGGREGATES = query<AggregateRow>(
  ({ schemas }) => `select p.oid, pg_get_function_arguments(p.oid) as args,
    (a.aggkind = 'h')::text as hypothetical,
    json_strip_nulls(json_build_object(
      'SFUNC', a.aggtransfn::regproc::text,
      'STYPE', format_type(a.aggtranstype, null),
      'SSPACE', nullif(a.aggtransspace, 0)::text,
      'FINALFUNC', ${proc('aggfinalfn')},
      'FINALFUNC_EXTRA', case when a.aggfinalextra then '' end,
      'FINALFUNC_MODIFY', case when a.aggfinalfn <> 0 and a.aggfinalmodify <> (case when a.aggkind = 'n' then 'r' else 'w' end) then
        case a.aggfinalmodify when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end end,
      'COMBINEFUNC', ${proc('aggcombinefn')},
      'SERIALFUNC', ${proc('aggserialfn')},
      'DESERIALFUNC', ${proc('aggdeserialfn')},
      'INITCOND_', a.agginitval,
      'MSFUNC', ${proc('aggmtransfn')},
      'MINVFUNC', ${proc('aggminvtransfn')},
      'MSTYPE', case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end,
      'MSSPACE', nullif(a.aggmtransspace, 0)::text,
      'MFINALFUNC', ${proc('aggmfinalfn')},
      'MFINALFUNC_EXTRA', case when a.aggmfinalextra then '' end,
      'MFINALFUNC_MODIFY', case when a.aggmfinalfn <> 0 and a.aggmfinalmodify <> (case when a.aggkind = 'n' then 'r' else 'w' end) then
        case a.aggmfinalmodify when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end end,
      'MINITCOND_', a.aggminitval,
      'SORTOP', (select format('OPERATOR(%I.%s)', n2.nspname, o.oprname) from pg_operator o
        join pg_namespace n2 on n2.oid = o.oprnamespace where o.oid = a.aggsortop),
      'PARALLEL', case p.proparallel when 's' then 'SAFE' when 'r' then 'RESTRICTED' end)) as settings
  from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid
  join pg_namespace n on n.oid = p.pronamespace
  where n.oid in (${schemas}) and ${notMember('pg_proc', 'p.oid')}`,
);

function createAggregate(signature: string, row: AggregateRow): string {
  const settings = Object.entries(JSON.parse(row.settings) as Record<string, string>).map(
    ([name, value]) => {
      if (name.endsWith('_')) return `${name.slice(0, -1)} = ${literal(value).trim()}`;
      return value === '' ? name : `${name} = ${value}`;
    },
  );
  if (row.hypothetical === 'true') settings.push('HYPOTHETICAL');
  return `CREATE AGGREGATE ${signature} (\n${settings.map((each) => `  ${each}`).join(',\n')}\n)`;
}
