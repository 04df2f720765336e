-- A table of these without row level security, or without a policy.
select t.name as "table", 'nobody says who may see it' as message
from unnest('{crm_leads,crm_deals,crm_activities}'::text[]) as t (name)
left join pg_class c on c.oid = to_regclass('public.' || t.name)
where c.relrowsecurity is not true
  or not exists (select from pg_policy p where p.polrelid = c.oid);
