-- description: Indexes of the CRM

create index concurrently if not exists crm_leads_owner_idx on crm_leads (owner_id, status);
create index concurrently if not exists crm_leads_patient_idx on crm_leads (patient_id);
create index concurrently if not exists crm_leads_email_idx on crm_leads (lower(email));

create index concurrently if not exists crm_deals_lead_idx on crm_deals (lead_id);
create index concurrently if not exists crm_deals_open_idx on crm_deals (expected_on)
  where closed_at is null;

create index concurrently if not exists crm_activities_lead_idx on crm_activities (lead_id);
create index concurrently if not exists crm_activities_deal_idx on crm_activities (deal_id);
create index concurrently if not exists crm_activities_owner_idx on crm_activities (owner_id, due_at);
