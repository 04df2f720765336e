drop index concurrently if exists crm_activities_owner_idx;
drop index concurrently if exists crm_activities_deal_idx;
drop index concurrently if exists crm_activities_lead_idx;
drop index concurrently if exists crm_deals_open_idx;
drop index concurrently if exists crm_deals_lead_idx;
drop index concurrently if exists crm_leads_email_idx;
drop index concurrently if exists crm_leads_patient_idx;
drop index concurrently if exists crm_leads_owner_idx;
