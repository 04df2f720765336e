-- A table of these without row level security, or without a policy.
select t.name as "table", 'nobody says who may see it' as message
from unnest('{notifications,audit_logs,roles,user_roles,settings}'::text[]) as t (name)
left join pg_class c on c.oid = to_regclass('public.' || t.name)
where c.relrowsecurity is not true
  or not exists (select from pg_policy p where p.polrelid = c.oid);
