drop table if exists crm_activities;
drop table if exists crm_deals;
drop table if exists crm_leads;
