import { CHECK_CODES } from '../../../core/checks/codes.ts';
import { ident } from '../text.ts';
import { type CatalogCheck, text } from './catalog-check.ts';

/** Part of its numbers that a sequence may have used before it is told, in percent. */
const NEAR = 80;

/**
 * Sequences that run out of numbers, or out of those that their column can hold. One whose
 * value this user may not see is not told.
 */
export const sequencesNearTheirEnd: CatalogCheck = {
  code: CHECK_CODES.sequence,
  sql: ({ ours }) => `select s.schemaname, t.relname, a.attname, s.sequencename, used.percent, a.typ
    from pg_catalog.pg_sequences s
    join pg_catalog.pg_namespace n on n.nspname = s.schemaname
    join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename
    left join lateral (
      select d.refobjid, d.refobjsubid from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
      limit 1) o on true
    left join pg_catalog.pg_class t on t.oid = o.refobjid
    left join lateral (select attname, atttypid::pg_catalog.regtype::text as typ,
        case atttypid when 21 then 32767 when 23 then 2147483647 else 9223372036854775807 end as most
      from pg_catalog.pg_attribute where attrelid = o.refobjid and attnum = o.refobjsubid) a on true
    cross join lateral (select pg_catalog.floor(100 * case when s.increment_by > 0
        then (s.last_value::numeric - s.min_value)
          / nullif(least(s.max_value, coalesce(a.most, s.max_value))::numeric - s.min_value, 0)
        else (s.max_value - s.last_value::numeric) / nullif(s.max_value::numeric - s.min_value, 0)
      end) as percent) used
    where s.last_value is not null and not s.cycle and used.percent >= ${NEAR} and ${ours}
    order by 1, 4`,
  finding([schema, table, column, sequence, percent, type]) {
    const name = `${ident(text(schema))}.${ident(text(sequence))}`;
    const small = type === 'integer' || type === 'smallint';
    const of = table === null ? '' : ` of ${table}.${column}`;
    return {
      where: {
        schema: text(schema),
        ...(table !== null && { table }),
        ...(column != null && { column }),
        sequence: text(sequence),
      },
      message: `The sequence ${sequence}${of} has used ${percent} % of its numbers.`,
      fix:
        small && table !== null && column != null
          ? `alter table ${ident(text(schema))}.${ident(text(table))} alter column ${ident(text(column))} type bigint; alter sequence ${name} as bigint`
          : `alter sequence ${name} as bigint no maxvalue`,
    };
  },
};
