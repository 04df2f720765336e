UPDATE patients SET phone = replace(phone, ' ', '');

-- Appointments of a person who is there twice go to the older entry.
WITH twins AS (
  SELECT id, min(id) OVER (PARTITION BY name, phone) AS kept FROM patients
)
UPDATE appointments SET patient_id = kept
FROM twins WHERE twins.id = patient_id AND kept <> patient_id;

DELETE FROM patients AS newer USING patients AS older
WHERE older.name = newer.name AND older.phone = newer.phone AND older.id < newer.id;

ALTER TABLE patients
  ADD CONSTRAINT one_phone_per_patient UNIQUE (phone);
