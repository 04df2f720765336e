ALTER TABLE patients DROP CONSTRAINT one_phone_per_patient;
