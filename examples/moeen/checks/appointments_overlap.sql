-- godwit: warning
-- A patient cannot be at two appointments at once.
select 'appointments' as "table",
  'patient ' || a.patient_id || ' has appointments that overlap at ' || b.starts_at as message
from appointments a
join appointments b on b.patient_id = a.patient_id and b.id > a.id
  and tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
where a.status <> 'cancelled' and b.status <> 'cancelled';
