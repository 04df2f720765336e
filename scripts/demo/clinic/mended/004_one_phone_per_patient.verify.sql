-- Must find nothing.
SELECT a.id FROM appointments AS a LEFT JOIN patients AS p ON p.id = a.patient_id WHERE p.id IS NULL;
