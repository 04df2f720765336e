CREATE TABLE appointments (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  patient_id integer NOT NULL REFERENCES patients (id),
  starts_at  timestamptz NOT NULL
);

INSERT INTO appointments (patient_id, starts_at)
SELECT id, timestamptz '2026-01-05 09:00+00' + id * interval '20 minutes' FROM patients;
