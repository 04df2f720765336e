import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createMigrator } from '../../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../../src/app/options.ts';
import type { Migrator } from '../../../src/app/types.ts';

/** Something of everything that a restore could forget. */
export const FIRST = `
create type mood as enum ('sad', 'so so', 'happy');
create domain code as text check (value ~ '^[a-z]+$');
create table patients (
  id bigint generated always as identity primary key,
  name text not null, mood mood default 'happy', tags text[], about jsonb, photo bytea,
  born timestamptz, weight double precision, full_name text generated always as (upper(name)) stored
);
create table "Odd ""Names""" (n serial primary key, "a column" text, code code);
create table visits (
  id int, patient bigint references patients on delete cascade, at date not null, primary key (id, at)
) partition by range (at);
create table visits_25 partition of visits for values from ('2025-01-01') to ('2026-01-01');
create table visits_26 partition of visits for values from ('2026-01-01') to ('2027-01-01');
create index on visits (patient);
create view happy as select id, name from patients where mood = 'happy';
create materialized view moods as select mood, count(*) from patients group by mood;
create function touch() returns trigger language plpgsql as $body$
begin
  -- godwit section x data
  new.weight := coalesce(new.weight, 1);
  return new;
end $body$;
create trigger touch before insert on patients for each row execute function touch();
alter table patients enable row level security;
create policy everybody on patients using (true);
create schema "crm";
create table crm.leads (id uuid primary key default gen_random_uuid(), note text);
comment on table crm.leads is E'two\\nlines';
create cast (mood as int) with inout as assignment;
create publication changes for table patients, crm.leads;
`;

export const SECOND = `
insert into patients (name, mood, tags, about, photo, born, weight)
  select 'name ' || i, (array['sad', 'so so', 'happy'])[1 + i % 3]::mood, array['a,b', '{' || i, null],
    jsonb_build_object('i', i, 'text', E'tab\\there \\\\ and "quotes"'), decode(md5(i::text), 'hex'),
    timestamptz '2026-01-01 12:00:00+02' + i * interval '1 minute', i / 7.0
  from generate_series(1, 2000) i;
insert into patients (name) values (E'\\\\.'), (E'\\\\N'), (E'new\\nline\\r\\n\\ttab'), ('żółw 🐢'), ('');
insert into "Odd ""Names""" ("a column", code) values ('x', 'abc'), (null, null);
insert into visits select i, i, date '2025-06-01' + i from generate_series(1, 400) i;
insert into crm.leads (note) select repeat('long text ', 500) || i from generate_series(1, 50) i;
refresh materialized view moods;
`;

/** Changes all of it, and makes something new. */
export const THIRD = `
alter table patients drop column about;
delete from patients where id % 2 = 0;
update crm.leads set note = 'changed';
drop view happy;
alter type mood add value 'angry';
create schema later;
create table later.things (id int);
create table brand_new (id int references "Odd ""Names""");
select nextval('"Odd ""Names""_n_seq"') from generate_series(1, 7);
drop table visits_26;
`;

export const FOURTH = 'create table half (id int);\nselect no_such_column from patients;\n';

export interface Project {
  readonly root: string;
  readonly url: string;
  readonly plain: string;
  migrator(options?: MigratorOptions): Migrator;
  add(name: string, sql: string): Promise<void>;
}

/** A folder with the first two migrations. */
export async function createProject(url: string): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'godwit-backup-'));
  await mkdir(join(root, 'migrations'));
  const add = (name: string, sql: string) => writeFile(join(root, 'migrations', name), sql);
  await add('001_first.sql', FIRST);
  await add('002_second.sql', SECOND);
  return {
    root,
    url,
    plain: join(root, 'backup', 'migrations', 'pre_migration_backup.sql'),
    migrator: (options = {}) => createMigrator({ root, config: false, url, ...options }),
    add,
  };
}

/** Everything in the database as text, but for the lock: equal before and after a restore. */
export async function fingerprintOf(url: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set timezone = 'UTC'");
    return await readEverything(async (sql) => (await client.query(sql)).rows);
  } finally {
    await client.end();
  }
}

type Ask = (sql: string) => Promise<Record<string, unknown>[]>;

export async function readEverything(ask: Ask): Promise<Record<string, unknown>> {
  const own = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
  const relations = await ask(
    `select n.nspname as schema, c.relname as name, c.relkind as kind, c.relrowsecurity as rls,
      obj_description(c.oid) as comment,
      (select json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
          a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) order by a.attname)
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
      case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end as view
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${own} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'i', 'I') order by 1, 2`,
  );
  const rows: Record<string, unknown> = {};
  for (const { schema, name, kind } of relations) {
    if (!['r', 'm', 'S'].includes(String(kind)) || `${schema}.${name}` === 'godwit.lock') continue;
    const table = `"${String(schema)}"."${String(name).replaceAll('"', '""')}"`;
    const what = kind === 'S' ? "last_value || ' ' || is_called" : 't::text';
    const [found] = await ask(
      `select count(*)::int as count, md5(coalesce(string_agg(${what}, '|' order by ${what}), '')) as hash from ${table} t`,
    );
    rows[`${schema}.${name}`] = found;
  }
  return {
    relations,
    rows,
    constraints: await ask(
      `select k.conname, pg_get_constraintdef(k.oid) as def, k.convalidated from pg_constraint k
        join pg_namespace n on n.oid = k.connamespace where ${own} and k.contype <> 'n' order by 1, 2`,
    ),
    functions: await ask(
      `select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as def from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace where ${own} and p.prokind in ('f', 'p')
        and not exists (select 1 from pg_depend e where e.objid = p.oid and e.deptype = 'e') order by 1`,
    ),
    triggers: await ask(
      'select pg_get_triggerdef(oid) as def, tgenabled from pg_trigger where not tgisinternal order by 1',
    ),
    policies: await ask('select * from pg_policies order by schemaname, tablename, policyname'),
    schemas: await ask(
      `select n.nspname, pg_get_userbyid(n.nspowner) as owner,
        (select array_agg(a::text order by a::text) from unnest(n.nspacl) a)
        from pg_namespace n where ${own} order by 1`,
    ),
    casts: await ask(
      'select castsource::regtype::text, casttarget::regtype::text, castmethod, castcontext from pg_cast where oid >= 16384 order by 1, 2',
    ),
    publications: await ask('select * from pg_publication_tables order by 1, 2, 3'),
    types: await ask(
      `select t.typname, t.typtype, (select array_agg(e.enumlabel order by e.enumsortorder)
        from pg_enum e where e.enumtypid = t.oid) as labels from pg_type t
        join pg_namespace n on n.oid = t.typnamespace where ${own} and t.typtype in ('e', 'd') order by 1`,
    ),
  };
}

/** The guide's own command. */
export function psql(url: string, file: string): { code: number | null; output: string } {
  const ran = spawnSync('psql', [url, '--no-psqlrc'], {
    input: readFileSync(file),
    encoding: 'utf8',
  });
  return { code: ran.status, output: `${ran.stdout}${ran.stderr}` };
}

export const hasPsql = spawnSync('psql', ['--version']).status === 0;
