// Sample data: node fill.js mongodb|postgres [how many]. Replaces what was there.
const [kind = 'mongodb', count = '20000'] = process.argv.slice(2);
const total = Number(count);

/** As people write them down: (555) 0000042. */
const phone = (i) => `(555) ${String(i).padStart(7, '0')}`;
const country = (i) => ['at', 'nl', 'us'][i % 3];

if (kind === 'mongodb') await fillMongo();
else await fillPostgres();
console.log(`${total} patients in ${kind}`);

async function fillMongo() {
  const { MongoClient } = await import('mongodb');
  const client = await new MongoClient(process.env.MONGODB_URI).connect();
  const patients = client.db().collection('patients');
  await patients.drop().catch(() => undefined);
  for (let from = 0; from < total; from += 5000) {
    const length = Math.min(5000, total - from);
    await patients.insertMany(
      Array.from({ length }, (_, k) => {
        const i = from + k;
        return { i, visits: i % 7, phone: phone(i), country: country(i) };
      }),
    );
  }
  await client.close();
}

async function fillPostgres() {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  await client.query(`
    DROP TABLE IF EXISTS patients;
    CREATE TABLE patients (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      i integer NOT NULL,
      visits integer NOT NULL,
      phone text NOT NULL,
      country text NOT NULL,
      region text
    )`);
  await client.query(
    `INSERT INTO patients (i, visits, phone, country)
     SELECT i, i % 7, '(555) ' || lpad(i::text, 7, '0'), (ARRAY['at', 'nl', 'us'])[i % 3 + 1]
     FROM generate_series(0, $1::int - 1) AS i`,
    [total],
  );
  await client.end();
}
