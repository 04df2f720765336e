drop policy if exists "admins see and change settings" on settings;
drop policy if exists "public settings are for everybody" on settings;
drop policy if exists "admins give roles" on user_roles;
drop policy if exists "everybody knows their roles" on user_roles;
drop policy if exists "admins define roles" on roles;
drop policy if exists "roles are known to all who are signed in" on roles;
drop policy if exists "admins read what happened" on audit_logs;
drop policy if exists "everybody marks theirs as read" on notifications;
drop policy if exists "everybody sees their notifications" on notifications;

revoke all on notifications, audit_logs, roles, user_roles, settings from anon, authenticated, service_role;
