// Data for every sample: phone numbers in many spellings, a few duplicates, old appointments.
const mongoose = require('mongoose');

const url = process.env.MONGODB_URI ?? 'mongodb://127.0.0.1:27017/data_migration_system';

async function main() {
  await mongoose.connect(url);
  const { db } = mongoose.connection;
  for (const name of [
    'users',
    'patients',
    'appointments',
    'visits',
    'subscribers',
    'collection_name',
  ]) {
    await db.collection(name).deleteMany({});
  }
  await db.collection('users').insertMany(
    Array.from({ length: 200 }, (_, n) => ({
      _id: `user${n}`,
      // Ten people registered twice.
      email: `user${n < 190 ? n : n - 190}@example.com`,
      name: n % 5 === 0 ? `  User ${n} ` : `User ${n}`,
      phone: `(555) 010-${String(1000 + n)}`,
    })),
  );
  await db
    .collection('patients')
    .insertMany([
      { name: 'Ada', phone: '(555) 010-1234' },
      { name: 'Ben', phone: '555.010.5678' },
      { name: 'Cleo', phone: null },
      { name: 'Dan' },
    ]);
  await db.collection('appointments').insertMany(
    Array.from({ length: 60 }, (_, n) => ({
      userId: n % 2 === 0 ? 'user190' : 'user3',
      createdAt: new Date(Date.UTC(n < 30 ? 2019 : 2024, 0, 1 + (n % 28))),
    })),
  );
  await db
    .collection('subscribers')
    .insertMany([{ email: 'a@example.com' }, { email: 'b@example.com' }]);
  await db.collection('collection_name').insertOne({ name: 'the guide names it so' });
  await db.collection('visits').insertMany([
    { patient: 'Ada', minutes: 60 },
    { patient: 'Ben', minutes: 30 },
  ]);
  await mongoose.disconnect();
  console.log('users, patients, appointments and visits are ready');
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
