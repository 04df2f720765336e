import type { BuiltInRequest } from '../../../ports/checks.ts';
import type { Finding } from '../../../ports/finding.ts';
import { literal } from '../text.ts';

export type Row = readonly (string | null)[];

/** A question to the catalogs, in one statement for the whole database. */
export interface CatalogCheck {
  /** The code of its findings. */
  readonly code: string;
  /** Undefined when there is nothing to ask. */
  sql(question: Question): string | undefined;
  finding(row: Row): Omit<Finding, 'code' | 'severity'>;
}

/** What every check puts into its SQL. */
export interface Question {
  readonly request: BuiltInRequest;
  /** Says of `n`, a row of pg_namespace, that its objects are the project's. */
  readonly ours: string;
  /** Says of `n` that an API shows it. */
  readonly exposed: string;
}

/** Role that asks when nobody has logged in, as PostgREST and Supabase call it. */
export const ANONYMOUS = 'anon';

export function createQuestion(request: BuiltInRequest, storeSchema: string): Question {
  const { exposedSchemas } = request;
  return {
    request,
    ours: `(n.nspname not in ('information_schema', ${literal(storeSchema)})
      and n.nspname not like 'pg\\_%'
      and pg_catalog.pg_get_userbyid(n.nspowner) not like 'supabase\\_%'
      and pg_catalog.pg_get_userbyid(n.nspowner) <> 'pgbouncer')`,
    exposed:
      exposedSchemas === undefined
        ? `(n.nspname = 'public' and exists (
            select 1 from pg_catalog.pg_roles where rolname = ${literal(ANONYMOUS)}))`
        : `n.nspname = any (array[${exposedSchemas.map(literal).join(',')}]::text[])`,
  };
}

/** Says that an object of pg_class came with no extension. */
export function notOfExtension(oid: string): string {
  return `not exists (select 1 from pg_catalog.pg_depend e
    where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = ${oid} and e.deptype = 'e')`;
}

export function text(value: string | null | undefined): string {
  return value ?? '';
}
