// Looks at every row: node check.js mongodb|postgres. Prints how many are as they were,
// how many were changed exactly once, and how many were changed in any other way.
const [kind = 'mongodb'] = process.argv.slice(2);

const counts = { phones: tally(), visits: tally(), regions: tally() };
for await (const row of kind === 'mongodb' ? mongoRows() : postgresRows()) {
  const before = `(555) ${String(row.i).padStart(7, '0')}`;
  note(counts.phones, row.phone, before, `+1555${String(row.i).padStart(7, '0')}`);
  note(counts.visits, row.visits, row.i % 7, (row.i % 7) + 1);
  note(counts.regions, row.region ?? undefined, undefined, row.country === 'us' ? 'us' : 'eu');
}
console.log(JSON.stringify(counts));

function tally() {
  return { before: 0, once: 0, wrong: 0 };
}

function note(count, value, before, once) {
  if (value === once) count.once += 1;
  else if (value === before) count.before += 1;
  else count.wrong += 1;
}

async function* mongoRows() {
  const { MongoClient } = await import('mongodb');
  const client = await new MongoClient(process.env.MONGODB_URI).connect();
  yield* client.db().collection('patients').find();
  await client.close();
}

async function* postgresRows() {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query('SELECT i, visits, phone, country, region FROM patients');
  yield* rows;
  await client.end();
}
