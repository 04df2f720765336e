-- description: The CRM is for staff alone

-- Below, "does not exist, skipping" is what is expected.
set local client_min_messages = warning;

revoke all on crm_leads, crm_deals, crm_activities from anon, authenticated;
grant select, insert, update, delete on crm_leads, crm_deals, crm_activities
  to authenticated, service_role;

drop policy if exists "staff work on leads" on crm_leads;
create policy "staff work on leads" on crm_leads to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
drop policy if exists "staff work on deals" on crm_deals;
create policy "staff work on deals" on crm_deals to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'))
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));
drop policy if exists "staff see activities" on crm_activities;
create policy "staff see activities" on crm_activities for select to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') in ('admin', 'staff'));

-- What somebody did is theirs to write; an admin may put it right.
drop policy if exists "staff write their own activities" on crm_activities;
create policy "staff write their own activities" on crm_activities to authenticated
  using (
    (select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin'
    or (
      (select auth.jwt() -> 'app_metadata' ->> 'role') = 'staff'
      and owner_id = (select auth.uid())
    )
  )
  with check (
    (select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin'
    or (
      (select auth.jwt() -> 'app_metadata' ->> 'role') = 'staff'
      and owner_id = (select auth.uid())
    )
  );
