-- Money that is asked for a session that is not over.
select 'insurance_claims' as "table", 'claim ' || c.id || ' was sent before its session ended' as message
from insurance_claims c
join sessions s on s.id = c.session_id
where c.status <> 'draft' and (s.ended_at is null or c.submitted_at < s.ended_at);
