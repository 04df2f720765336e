import { query } from './rows.ts';

export interface DependRow {
  /** Oids of the catalogs. */
  readonly catalog: string;
  readonly objid: string;
  readonly refcatalog: string;
  readonly refobjid: string;
  /** n normal, a automatic, i internal, e extension, P and S of partitions. */
  readonly deptype: string;
}

/** Oids of catalogs are the same in every version; turning thousands into names takes time. */
const CATALOGS: Readonly<Record<string, string>> = {
  1247: 'pg_type',
  1255: 'pg_proc',
  1259: 'pg_class',
  2604: 'pg_attrdef',
  2606: 'pg_constraint',
  2618: 'pg_rewrite',
  2620: 'pg_trigger',
  3079: 'pg_extension',
  3256: 'pg_policy',
  3381: 'pg_statistic_ext',
  3456: 'pg_collation',
  3466: 'pg_event_trigger',
};

const LISTED = Object.keys(CATALOGS).join(', ');

/** A constraint follows its own table in any case. */
export const DEPENDS = query<DependRow>(
  () => `select distinct d.classid::int as catalog, d.objid, d.refclassid::int as refcatalog,
    d.refobjid, d.deptype
  from pg_depend d
  where d.objid >= 16384 and d.refobjid >= 16384
    and d.classid in (${LISTED}) and d.refclassid in (${LISTED})
    and not (d.classid = 2606 and d.refclassid = 1259 and d.deptype = 'a')`,
);

export interface Depends {
  /** What each object follows, such as `pg_class:1` and `pg_proc:2`. */
  readonly on: ReadonlyMap<string, readonly string[]>;
  /** The extension that an object is a member of. */
  readonly extensionOf: ReadonlyMap<string, string>;
  /** Objects that call a function of people's own. */
  readonly callers: ReadonlySet<string>;
}

/** @param sequences oids of sequences, which do not follow the tables that own them */
export function readDepends(rows: readonly DependRow[], sequences: ReadonlySet<string>): Depends {
  const on = new Map<string, string[]>();
  const extensionOf = new Map<string, string>();
  const callers = new Set<string>();
  for (const { catalog, objid, refcatalog, refobjid, deptype } of rows) {
    const [name = '', refname = ''] = [CATALOGS[catalog], CATALOGS[refcatalog]];
    const [from, to] = [`${name}:${objid}`, `${refname}:${refobjid}`];
    if (deptype === 'e') extensionOf.set(from, to);
    if (name === 'pg_class' && sequences.has(objid) && deptype !== 'n') continue;
    const known = on.get(from);
    if (known) known.push(to);
    else on.set(from, [to]);
    if (refname === 'pg_proc') callers.add(from);
  }
  // A function of an extension looks at nothing of people's own.
  for (const caller of callers) {
    const calls = (on.get(caller) ?? []).filter((to) => to.startsWith('pg_proc:'));
    if (calls.every((to) => extensionOf.has(to))) callers.delete(caller);
  }
  return { on, extensionOf, callers };
}
