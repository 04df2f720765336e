-- description: Who may see and change what of the system's own tables

-- Below, "does not exist, skipping" is what is expected.
set local client_min_messages = warning;

revoke all on notifications, audit_logs, roles, user_roles, settings
  from anon, authenticated, service_role;
grant select, insert, update, delete on notifications, roles, user_roles, settings to service_role;
grant select, insert, update, delete on roles, user_roles, settings to authenticated;
-- Of a notification its reader changes one thing: that it was read.
grant select, update (read_at) on notifications to authenticated;
-- Nobody rewrites what happened, the server neither.
grant select, insert on audit_logs to service_role;
grant select on audit_logs to authenticated;
grant select on settings to anon;

drop policy if exists "everybody sees their notifications" on notifications;
create policy "everybody sees their notifications" on notifications for select to authenticated
  using (user_id = (select auth.uid()));
drop policy if exists "everybody marks theirs as read" on notifications;
create policy "everybody marks theirs as read" on notifications for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

drop policy if exists "admins read what happened" on audit_logs;
create policy "admins read what happened" on audit_logs for select to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');

drop policy if exists "roles are known to all who are signed in" on roles;
create policy "roles are known to all who are signed in" on roles for select to authenticated
  using (true);
drop policy if exists "admins define roles" on roles;
create policy "admins define roles" on roles to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin')
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');
drop policy if exists "everybody knows their roles" on user_roles;
create policy "everybody knows their roles" on user_roles for select to authenticated
  using (user_id = (select auth.uid()));
drop policy if exists "admins give roles" on user_roles;
create policy "admins give roles" on user_roles to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin')
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');

drop policy if exists "public settings are for everybody" on settings;
create policy "public settings are for everybody" on settings for select to anon, authenticated
  using (public);
drop policy if exists "admins see and change settings" on settings;
create policy "admins see and change settings" on settings to authenticated
  using ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin')
  with check ((select auth.jwt() -> 'app_metadata' ->> 'role') = 'admin');
