-- description: Notifications, audit logs, roles, settings
--
-- Row level security is on from the first moment: until 031 says who may, nobody may.

create table if not exists notifications (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^ntf_[a-z][a-z0-9]{1,31}$'),
  user_id uuid not null references auth.users (id) on delete cascade,
  kind text not null check (kind in ('appointment', 'message', 'claim', 'system')),
  title text not null,
  body text,
  read_at timestamptz,
  created_at timestamptz not null default now()
);

create table if not exists audit_logs (
  id bigint generated always as identity primary key,
  public_id text not null unique check (public_id ~ '^aud_[a-z][a-z0-9]{1,31}$'),
  -- No foreign key: what somebody did is remembered when they are gone.
  actor_id uuid,
  action text not null,
  entity text not null,
  entity_public_id text,
  before jsonb,
  after jsonb,
  at timestamptz not null default now()
);

create table if not exists roles (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^rol_[a-z][a-z0-9]{1,31}$'),
  name text not null unique,
  description text,
  permissions text[] not null default '{}'
);

create table if not exists user_roles (
  user_id uuid not null references auth.users (id) on delete cascade,
  role_id uuid not null references roles (id) on delete cascade,
  granted_at timestamptz not null default now(),
  primary key (user_id, role_id)
);

create table if not exists settings (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^set_[a-z][a-z0-9]{1,31}$'),
  key text not null unique,
  value jsonb not null,
  -- Shown to everybody, also before they sign in.
  public boolean not null default false,
  updated_at timestamptz not null default now()
);

create index if not exists notifications_unread_idx on notifications (user_id, created_at)
  where read_at is null;
create index if not exists notifications_user_idx on notifications (user_id);
create index if not exists audit_logs_entity_idx on audit_logs (entity, entity_public_id, at);
create index if not exists audit_logs_actor_idx on audit_logs (actor_id, at);
create index if not exists user_roles_role_idx on user_roles (role_id);

create or replace trigger touch_updated_at before update on settings
  for each row execute function public.touch_updated_at();

alter table notifications enable row level security;
alter table audit_logs enable row level security;
alter table roles enable row level security;
alter table user_roles enable row level security;
alter table settings enable row level security;

insert into roles (public_id, name, description, permissions) values
  ('rol_k7m2x9q4t1v8b3n6c5z0w2hd', 'admin', 'May do everything', '{*}'),
  ('rol_p3f8j1s6d9g4l7a2y5u0r8ke', 'staff', 'Cares for patients and leads',
    '{patients:write,crm:write,chatbot:write}'),
  ('rol_w5c0v8z3m6b1q9x4n7t2h5jf', 'patient', 'Sees what is theirs', '{patients:read}')
on conflict (name) do nothing;

insert into settings (public_id, key, value, public) values
  ('set_d4h9s2k7f0j5l8g3a6p1o9wm', 'clinic.name', '"Moeen"', true),
  ('set_t6r1y8u3e0i7q2w5z9x4c1vb', 'clinic.languages', '["ar", "en"]', true),
  ('set_n2b7m0v5c8x3z6l1k4j9h2gs', 'claims.reminder_days', '14', false)
on conflict (key) do nothing;
