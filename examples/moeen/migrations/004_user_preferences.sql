-- description: What each user likes: language, theme, notifications

create or replace function public.touch_updated_at() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create table if not exists user_preferences (
  user_id uuid primary key references auth.users (id) on delete cascade,
  language text not null default 'ar' check (language in ('ar', 'en')),
  theme text not null default 'system' check (theme in ('system', 'light', 'dark')),
  notifications jsonb not null default '{"email": true, "sms": false}',
  updated_at timestamptz not null default now()
);

create or replace trigger touch_updated_at before update on user_preferences
  for each row execute function public.touch_updated_at();

alter table user_preferences enable row level security;

-- Supabase gives everything in public to everybody by default.
revoke all on user_preferences from anon, authenticated;
grant select, insert, update, delete on user_preferences to authenticated, service_role;

set local client_min_messages = warning;
drop policy if exists "everybody keeps their own preferences" on user_preferences;
create policy "everybody keeps their own preferences" on user_preferences to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
