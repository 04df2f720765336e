-- description: CRM: leads, deals, activities
--
-- Row level security is on from the first moment: until 022 says who may, nobody may.

create table if not exists crm_leads (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^led_[a-z][a-z0-9]{1,31}$'),
  full_name text not null,
  phone text,
  email text,
  source text not null default 'website'
    check (source in ('website', 'chatbot', 'referral', 'campaign', 'phone')),
  status text not null default 'new'
    check (status in ('new', 'contacted', 'qualified', 'won', 'lost')),
  owner_id uuid references auth.users (id) on delete set null,
  -- Whom the lead became.
  patient_id uuid references patients (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check (phone is not null or email is not null)
);

create table if not exists crm_deals (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^del_[a-z][a-z0-9]{1,31}$'),
  lead_id uuid not null references crm_leads (id) on delete cascade,
  title text not null,
  amount numeric(12, 2) not null default 0 check (amount >= 0),
  currency char(3) not null default 'SAR',
  stage text not null default 'open'
    check (stage in ('open', 'proposal', 'negotiation', 'won', 'lost')),
  expected_on date,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((stage in ('won', 'lost')) = (closed_at is not null))
);

create table if not exists crm_activities (
  id uuid primary key default gen_random_uuid(),
  public_id text not null unique check (public_id ~ '^act_[a-z][a-z0-9]{1,31}$'),
  lead_id uuid references crm_leads (id) on delete cascade,
  deal_id uuid references crm_deals (id) on delete cascade,
  kind text not null check (kind in ('call', 'email', 'meeting', 'task', 'note')),
  subject text not null,
  due_at timestamptz,
  done_at timestamptz,
  owner_id uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  -- About a lead or about a deal, never about both or nothing.
  check (num_nonnulls(lead_id, deal_id) = 1)
);

create or replace trigger touch_updated_at before update on crm_leads
  for each row execute function public.touch_updated_at();
create or replace trigger touch_updated_at before update on crm_deals
  for each row execute function public.touch_updated_at();

alter table crm_leads enable row level security;
alter table crm_deals enable row level security;
alter table crm_activities enable row level security;
