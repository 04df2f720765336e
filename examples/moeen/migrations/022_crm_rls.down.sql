drop policy if exists "staff write their own activities" on crm_activities;
drop policy if exists "staff see activities" on crm_activities;
drop policy if exists "staff work on deals" on crm_deals;
drop policy if exists "staff work on leads" on crm_leads;

revoke all on crm_leads, crm_deals, crm_activities from anon, authenticated, service_role;
