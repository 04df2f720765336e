-- description: What the guide takes for granted: Supabase's roles and auth functions, the healthcare tables
--
-- Where there is a Supabase, and where the tables are there already, nothing of this happens.
-- It has no way back: nobody wants these to go with the migrations.

-- The tables are furnished below only if they were made here.
select set_config('moeen.fresh', (to_regclass('public.patients') is null)::text, false);

do $$
declare
  api_role text;
begin
  foreach api_role in array array['anon', 'authenticated', 'service_role'] loop
    continue when exists (select from pg_roles where rolname = api_role);
    begin
      execute format(
        'create role %I nologin noinherit %s',
        api_role,
        case api_role when 'service_role' then 'bypassrls' end
      );
      -- Who is no superuser may try these roles only as a member.
      if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant %I to current_user', api_role);
      end if;
    exception
      -- Roles belong to the whole server: another database's run made it in between.
      when duplicate_object or unique_violation then null;
    end;
  end loop;

  if to_regnamespace('auth') is null then
    create schema auth;
    grant usage on schema auth to anon, authenticated, service_role;
  end if;

  if to_regclass('auth.users') is null then
    create table auth.users (
      id uuid primary key default gen_random_uuid(),
      email text unique,
      created_at timestamptz not null default now()
    );
    insert into auth.users (id, email) values
      ('8f0c2a51-6d3e-4b7a-9c14-2e5f7a90b1c3', 'layla@example.org'),
      ('b26d94e7-0f18-4c52-a3d6-81c7e4f5092a', 'omar@example.org'),
      ('3a7e1fd0-94b5-4e86-8f2b-c60d5b18e7f4', 'therapist@example.org');
  end if;

  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt() returns jsonb language sql stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
  end if;

  if to_regprocedure('auth.uid()') is null then
    create function auth.uid() returns uuid language sql stable
    return (auth.jwt() ->> 'sub')::uuid;
  end if;

  if to_regprocedure('auth.role()') is null then
    create function auth.role() returns text language sql stable
    return auth.jwt() ->> 'role';
  end if;
end
$$;

grant usage on schema public to anon, authenticated, service_role;

create table if not exists patients (
  id uuid primary key default gen_random_uuid(),
  user_id uuid unique references auth.users (id) on delete set null,
  full_name text not null,
  birth_date date,
  phone text,
  created_at timestamptz not null default now()
);

create table if not exists appointments (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null references patients (id) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  status text not null default 'booked'
    check (status in ('booked', 'arrived', 'done', 'cancelled', 'missed')),
  -- The custom ids of the first version: 002 makes public ids of them.
  cuid text unique,
  check (ends_at > starts_at)
);

create table if not exists sessions (
  id uuid primary key default gen_random_uuid(),
  appointment_id uuid not null references appointments (id) on delete cascade,
  kind text not null check (kind in ('speech', 'behaviour', 'occupational', 'assessment')),
  notes text,
  started_at timestamptz not null,
  ended_at timestamptz,
  cuid text unique
);

create table if not exists insurance_claims (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references sessions (id) on delete restrict,
  insurer text not null,
  amount numeric(12, 2) not null check (amount > 0),
  currency char(3) not null default 'SAR',
  status text not null default 'draft'
    check (status in ('draft', 'submitted', 'approved', 'rejected', 'paid')),
  submitted_at timestamptz
);

do $$
begin
  if not current_setting('moeen.fresh')::boolean then
    return;
  end if;

  create index appointments_patient_idx on appointments (patient_id, starts_at);
  create index sessions_appointment_idx on sessions (appointment_id);
  create index insurance_claims_session_idx on insurance_claims (session_id);

  alter table patients enable row level security;
  alter table appointments enable row level security;
  alter table sessions enable row level security;
  alter table insurance_claims enable row level security;

  -- Supabase gives everything in public to everybody by default.
  revoke all on patients, appointments, sessions, insurance_claims from anon, authenticated;
  grant select, insert, update, delete on patients, appointments, sessions, insurance_claims
    to authenticated, service_role;

  -- Who is staff stands in the token, where only the server can write it.
  create policy "patients see themselves" on patients for select to authenticated
    using (user_id = (select auth.uid()));
  create policy "staff care for patients" on patients to authenticated
    using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
    with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));

  create policy "patients see their appointments" on appointments for select to authenticated
    using (patient_id in (select id from patients where user_id = (select auth.uid())));
  create policy "staff make appointments" on appointments to authenticated
    using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
    with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));

  -- What therapists note down is for staff alone.
  create policy "staff hold sessions" on sessions to authenticated
    using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
    with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
  create policy "staff send claims" on insurance_claims to authenticated
    using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
    with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));

  insert into patients (id, user_id, full_name, birth_date, phone)
  select s.id, u.id, s.full_name, s.birth_date, s.phone
  from (values
    ('11d5a3c8-7b42-4f60-9e1d-5c8f20a6b371'::uuid, 'layla@example.org', 'Layla Haddad', date '2016-03-14', '+966500000101'),
    ('27f9c04e-1a85-4d3b-b6e2-90d4c7f8a512'::uuid, 'omar@example.org', 'Omar Nasser', date '2014-11-02', '+966500000102'),
    ('3e8b617d-c2f4-49a0-8d57-1b6e93f5c084'::uuid, null, 'Sara Aziz', date '2018-07-29', null)
  ) as s (id, email, full_name, birth_date, phone)
  left join auth.users u on u.email = s.email;

  insert into appointments (id, patient_id, starts_at, ends_at, status, cuid) values
    ('41c7e2b9-58d0-4a36-9f14-7e0b3d6c8a25', '11d5a3c8-7b42-4f60-9e1d-5c8f20a6b371', '2026-01-12 09:00+03', '2026-01-12 09:45+03', 'done', 'ckq4w1x8e0000mz6h2f7d9t5a'),
    ('52a8d3f6-e917-4b0c-8c65-d24f7190be38', '11d5a3c8-7b42-4f60-9e1d-5c8f20a6b371', '2026-01-19 09:00+03', '2026-01-19 09:45+03', 'booked', null),
    ('63b0f4a7-2c8e-4d91-a7f3-06e5c8d1924b', '27f9c04e-1a85-4d3b-b6e2-90d4c7f8a512', '2026-01-13 11:00+03', '2026-01-13 11:45+03', 'done', 'ckq4w2b3s0001mz6hv0c8k4wn'),
    ('74d1e5b8-9f30-4e72-b8a4-51c6d7f0e35c', '3e8b617d-c2f4-49a0-8d57-1b6e93f5c084', '2026-01-14 10:00+03', '2026-01-14 10:45+03', 'missed', null);

  insert into sessions (id, appointment_id, kind, notes, started_at, ended_at, cuid) values
    ('85e2f6c9-a041-4f83-99b5-62d7e8a1f46d', '41c7e2b9-58d0-4a36-9f14-7e0b3d6c8a25', 'speech', 'Two-word phrases.', '2026-01-12 09:02+03', '2026-01-12 09:44+03', 'ckq5a7r6p0002mz6h5j1e3y8q'),
    ('96f3a7d0-b152-4094-aac6-73e8f9b2a57e', '63b0f4a7-2c8e-4d91-a7f3-06e5c8d1924b', 'assessment', null, '2026-01-13 11:00+03', '2026-01-13 11:40+03', null);

  insert into insurance_claims (session_id, insurer, amount, status, submitted_at) values
    ('85e2f6c9-a041-4f83-99b5-62d7e8a1f46d', 'Tawuniya', 420.00, 'submitted', '2026-01-13 08:00+03'),
    ('96f3a7d0-b152-4094-aac6-73e8f9b2a57e', 'Bupa Arabia', 650.00, 'draft', null);
end
$$;
