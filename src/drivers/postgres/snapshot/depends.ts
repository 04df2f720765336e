import { query } from './rows.ts';

export interface DependRow {
  readonly catalog: string;
  readonly objid: string;
  readonly refcatalog: string;
  readonly refobjid: string;
  /** n normal, a automatic, i internal, e extension, P and S of partitions. */
  readonly deptype: string;
}

export const DEPENDS = query<DependRow>(
  () => `select distinct d.classid::regclass::text as catalog, d.objid,
    d.refclassid::regclass::text as refcatalog, d.refobjid, d.deptype
  from pg_depend d
  where d.objid >= 16384 and d.refobjid >= 16384 and d.refclassid <> 'pg_namespace'::regclass`,
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
    const [from, to] = [`${catalog}:${objid}`, `${refcatalog}:${refobjid}`];
    if (deptype === 'e') extensionOf.set(from, to);
    if (catalog === 'pg_class' && sequences.has(objid) && deptype !== 'n') continue;
    const known = on.get(from);
    if (known) known.push(to);
    else on.set(from, [to]);
    if (refcatalog === 'pg_proc') callers.add(from);
  }
  // A function of an extension looks at nothing of people's own.
  for (const caller of callers) {
    const calls = (on.get(caller) ?? []).filter((to) => to.startsWith('pg_proc:'));
    if (calls.every((to) => extensionOf.has(to))) callers.delete(caller);
  }
  return { on, extensionOf, callers };
}
