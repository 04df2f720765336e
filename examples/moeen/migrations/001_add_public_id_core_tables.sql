-- description: Public ids for patients, appointments, sessions and claims
--
-- Empty until scripts/backfill-public-ids.js has filled them, unique and required after it.

alter table patients add column if not exists public_id text;
alter table appointments add column if not exists public_id text;
alter table sessions add column if not exists public_id text;
alter table insurance_claims add column if not exists public_id text;

comment on column patients.public_id is 'pat_…, for the API; the id itself never leaves the database';
comment on column appointments.public_id is 'apt_…, for the API; the id itself never leaves the database';
comment on column sessions.public_id is 'ses_…, for the API; the id itself never leaves the database';
comment on column insurance_claims.public_id is 'clm_…, for the API; the id itself never leaves the database';
