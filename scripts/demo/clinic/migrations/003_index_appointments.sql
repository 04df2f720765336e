-- Cannot run in a transaction. godwit's parser sees that by itself.
CREATE INDEX CONCURRENTLY appointments_by_day ON appointments (starts_at);
