-- description: Chatbot: flows of nodes and edges, templates, integrations, conversations, messages
--
-- Row level security is on from the first moment: until 012 says who may, nobody may.

create table if not exists chatbot_flows (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^flw_[a-z][a-z0-9]{1,31}$'),
  name text not null,
  description text,
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  version integer not null default 1 check (version > 0),
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table if not exists chatbot_nodes (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^nod_[a-z][a-z0-9]{1,31}$'),
  flow_id uuid not null references chatbot_flows (id) on delete cascade,
  kind text not null check (kind in ('start', 'message', 'question', 'condition', 'action', 'end')),
  content jsonb not null default '{}',
  position_x real not null default 0,
  position_y real not null default 0,
  created_at timestamptz not null default now(),
  -- So that an edge can insist on nodes of its own flow.
  unique (flow_id, id)
);

create table if not exists chatbot_edges (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^edg_[a-z][a-z0-9]{1,31}$'),
  flow_id uuid not null,
  source_node_id uuid not null,
  target_node_id uuid not null,
  label text not null default '',
  condition jsonb,
  foreign key (flow_id, source_node_id) references chatbot_nodes (flow_id, id) on delete cascade,
  foreign key (flow_id, target_node_id) references chatbot_nodes (flow_id, id) on delete cascade,
  unique (flow_id, source_node_id, target_node_id, label)
);

create table if not exists chatbot_templates (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  language text not null default 'ar' check (language in ('ar', 'en')),
  body text not null,
  variables text[] not null default '{}',
  updated_at timestamptz not null default now(),
  unique (name, language)
);

create table if not exists chatbot_integrations (
  id uuid primary key default gen_random_uuid(),
  name text not null unique,
  channel text not null check (channel in ('web', 'whatsapp', 'telegram', 'sms')),
  settings jsonb not null default '{}',
  -- Where the secret is kept, never the secret.
  secret_name text,
  active boolean not null default true,
  updated_at timestamptz not null default now()
);

create table if not exists conversations (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^cnv_[a-z][a-z0-9]{1,31}$'),
  patient_id uuid references patients (id) on delete set null,
  flow_id uuid references chatbot_flows (id) on delete set null,
  integration_id uuid references chatbot_integrations (id) on delete set null,
  status text not null default 'open' check (status in ('open', 'waiting', 'closed')),
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  check ((status = 'closed') = (closed_at is not null))
);

create table if not exists messages (
  id bigint generated always as identity primary key,
  public_id text not null unique check (public_id ~ '^msg_[a-z][a-z0-9]{1,31}$'),
  conversation_id uuid not null references conversations (id) on delete cascade,
  direction text not null check (direction in ('in', 'out')),
  body text not null,
  payload jsonb,
  sent_at timestamptz not null default now()
);

create or replace trigger touch_updated_at before update on chatbot_flows
  for each row execute function public.touch_updated_at();
create or replace trigger touch_updated_at before update on chatbot_templates
  for each row execute function public.touch_updated_at();
create or replace trigger touch_updated_at before update on chatbot_integrations
  for each row execute function public.touch_updated_at();

alter table chatbot_flows enable row level security;
alter table chatbot_nodes enable row level security;
alter table chatbot_edges enable row level security;
alter table chatbot_templates enable row level security;
alter table chatbot_integrations enable row level security;
alter table conversations enable row level security;
alter table messages enable row level security;

insert into chatbot_templates (name, language, body, variables) values
  ('welcome', 'ar', 'أهلاً {{name}}، كيف يمكننا مساعدتك؟', '{name}'),
  ('welcome', 'en', 'Hello {{name}}, how can we help?', '{name}'),
  ('appointment_reminder', 'ar', 'موعدك يوم {{date}} الساعة {{time}}.', '{date,time}'),
  ('appointment_reminder', 'en', 'Your appointment is on {{date}} at {{time}}.', '{date,time}')
on conflict (name, language) do nothing;
