alter table patients drop column if exists public_id;
alter table appointments drop column if exists public_id;
alter table sessions drop column if exists public_id;
alter table insurance_claims drop column if exists public_id;
