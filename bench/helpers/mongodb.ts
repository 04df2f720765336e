// MigrationHelper beside what people write by hand, on one collection.
//   npx jiti bench/helpers/mongodb.ts [documents]
import mongoose from 'mongoose';
import { MigrationHelper } from '../../src/mongoose.ts';
import { startMongod } from '../../src/testing/mongod.ts';

const COUNT = Number(process.argv[2] ?? 100_000);
const SAVED = Math.min(COUNT, 3_000);

async function main(): Promise<void> {
  const server = await startMongod({ own: true });
  await mongoose.connect(server.databaseUrl());
  const { db } = mongoose.connection;
  if (db === undefined) throw new Error('not connected');
  const options = { strict: false, autoCreate: false, autoIndex: false } as const;
  const User = mongoose.model(
    'User',
    new mongoose.Schema({ phone: String, name: String }, options),
  );
  const Copy = mongoose.model('Copy', new mongoose.Schema({}, options));
  const users = db.collection('users');
  for (let from = 0; from < COUNT; from += 10_000) {
    const batch = Array.from({ length: Math.min(10_000, COUNT - from) }, (_, i) => from + i);
    await users.insertMany(
      batch.map((n) => ({
        n,
        name: n % 3 === 0 ? ` user ${n} ` : `user ${n}`,
        phone: `(555) ${n}`,
        // One in ten has the value of another.
        email: `u${n % 10 === 9 ? n - 1 : n}@example.com`,
        about: 'x'.repeat(300),
      })),
    );
  }
  const time = async (run: () => Promise<unknown>): Promise<number> => {
    const began = performance.now();
    await run();
    return performance.now() - began;
  };
  const show = (what: string, ours: number, theirs: number): void =>
    console.log(
      `${what.padEnd(40)} ours ${ours.toFixed(0)} ms, theirs ${theirs.toFixed(0)} ms, theirs / ours ${(theirs / ours).toFixed(2)}`,
    );
  for (const round of [1, 2]) {
    const theirs = await time(() =>
      users.updateMany({ [`a${round}`]: { $exists: false } }, { $set: { [`a${round}`]: null } }),
    );
    const ours = await time(() => MigrationHelper.addField(User as never, `b${round}`, null));
    show('addField, updateMany', ours, theirs);
  }
  const trim = [{ $set: { name: { $trim: { input: '$name' } } } }];
  const ours = await time(() => MigrationHelper.sanitizeStringFields(User as never, ['name']));
  await users.updateMany({ n: { $mod: [3, 0] } }, [
    { $set: { name: { $concat: [' ', '$name', ' '] } } },
  ]);
  show('sanitizeStringFields, updateMany', ours, await time(() => users.updateMany({}, trim)));
  const change = (doc: { phone: string }) => {
    doc.phone = `+1${doc.phone.replace(/\D/g, '')}`;
    return doc;
  };
  const transformed = await time(() => MigrationHelper.transformData(User as never, {}, change));
  const saved = await time(async () => {
    for (const doc of await User.find({}).limit(SAVED)) {
      change(doc as never);
      await doc.save();
    }
  });
  show(`transformData, find and save (of ${SAVED})`, transformed, (saved * COUNT) / SAVED);
  const group = [
    { $group: { _id: '$email', ids: { $push: '$_id' } } },
    { $match: { 'ids.1': { $exists: true } } },
  ];
  const asked = await time(() => users.aggregate(group, { allowDiskUse: true }).toArray());
  const removed = await time(() => MigrationHelper.removeDuplicates(User as never, 'email'));
  show('removeDuplicates, the aggregation alone', removed, asked);
  const out = await time(() => users.aggregate([{ $out: 'out' }]).toArray());
  show(
    'migrateCollection, $out',
    await time(() => MigrationHelper.migrateCollection(User as never, Copy as never)),
    out,
  );
  await mongoose.disconnect();
  await server.stop();
}

await main();
