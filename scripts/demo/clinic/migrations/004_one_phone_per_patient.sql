UPDATE patients SET phone = replace(phone, ' ', '');

ALTER TABLE patients
  ADD CONSTRAINT one_phone_per_patient UNIQUE (phone);
