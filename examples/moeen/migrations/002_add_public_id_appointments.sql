-- description: (Legacy) Appointments that have a cuid of the first version keep it as their public id
--
-- Their addresses are in the world already. The rest get new ids from the backfill.

alter table appointments add column if not exists public_id text;

update appointments
set public_id = 'apt_' || cuid
where public_id is null and cuid is not null;
