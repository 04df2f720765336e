CREATE TABLE patients (
  id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name  text NOT NULL,
  phone text
);

INSERT INTO patients (name, phone)
SELECT 'Patient ' || n, '030 ' || (555000 + n) FROM generate_series(1, 500) AS n;

-- The same person, registered at the front desk and again by phone.
INSERT INTO patients (name, phone) VALUES ('Ada Lovelace', '030 123456'), ('Ada Lovelace', '030123456');
