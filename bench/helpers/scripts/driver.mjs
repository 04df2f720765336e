// The same by hand, in one statement of the driver, or the least that could do it.
import { createRequire } from 'node:module';
import { MongoClient } from 'mongodb';

/** Of bytes: a message of the server holds at most 48 MB, and small ones overlap better. */
const BATCH_BYTES = 2 * 1024 * 1024;

export async function open(url, what) {
  const client = await new MongoClient(url).connect();
  const db = client.db();
  const rows = db.collection('rows');
  await db.command({ ping: 1 });
  const update = (filter, change) => async () =>
    (await rows.updateMany(filter, change)).modifiedCount;
  const runs = {
    addField: update({ avatar: { $exists: false } }, { $set: { avatar: null } }),
    removeField: update({ note: { $exists: true } }, { $unset: { note: 1 } }),
    renameField: update({ phone: { $exists: true } }, { $rename: { phone: 'tel' } }),
    copyField: update({ email: { $exists: true }, mail: { $exists: false } }, [
      { $set: { mail: '$email' } },
    ]),
    sanitizeStringFields: update({ name: { $type: 'string' } }, [
      { $set: { name: { $trim: { input: '$name' } } } },
    ]),
    aggregate: () => findDuplicates(rows),
    out: async () => {
      await rows.aggregate([{ $out: 'copies' }]).toArray();
      return db.collection('copies').estimatedDocumentCount();
    },
    read: async () => {
      let count = 0;
      for await (const batch of readRaw(db, 'rows')) count += batch.length;
      return count;
    },
    insert: undefined,
  };
  if (what === 'insert') runs.insert = await insertion(client);
  return { run: runs[what], close: () => client.close() };
}

async function findDuplicates(rows) {
  const found = rows.aggregate(
    [
      { $group: { _id: '$email', ids: { $push: '$_id' } } },
      { $match: { 'ids.1': { $exists: true } } },
    ],
    { allowDiskUse: true },
  );
  let count = 0;
  for await (const { ids } of found) count += ids.length - 1;
  return count;
}

/** As bytes, without a cursor of the driver, which would be slower. */
async function* readRaw(db, name) {
  const raw = { raw: false, fieldsAsRaw: { firstBatch: true, nextBatch: true } };
  const { avgObjSize } = await db.command({ collStats: name });
  const batchSize = Math.max(1, Math.floor(BATCH_BYTES / avgObjSize));
  const session = db.client.startSession();
  const command = (text) => db.command(text, { ...raw, session, promoteLongs: false });
  let { cursor } = await command({ find: name, batchSize });
  yield cursor.firstBatch;
  while (!cursor.id.isZero()) {
    ({ cursor } = await command({ getMore: cursor.id, collection: name, batchSize }));
    yield cursor.nextBatch;
  }
  await session.endSession();
}

/** What it inserts is in memory before the clock starts; two messages are under way at once. */
async function insertion(client) {
  const require = createRequire(import.meta.url);
  const { DocumentSequence } = createRequire(require.resolve('mongodb'))('./cmap/commands.js');
  const source = client.db(`${client.db().databaseName}_source`);
  const messages = [];
  for await (const batch of readRaw(source, 'rows')) {
    messages.push({ bytes: Buffer.concat(batch), count: batch.length });
  }
  const send = async ({ bytes, count }) => {
    const documents = new DocumentSequence('documents');
    documents.push({}, bytes);
    await client
      .db()
      .command({ insert: 'rows', documents, ordered: false, writeConcern: { w: 1 } });
    return count;
  };
  return async () => {
    let done = 0;
    const lane = async () => {
      for (let next = messages.shift(); next; next = messages.shift()) {
        const count = await send(next);
        done += count;
      }
    };
    await Promise.all([lane(), lane()]);
    return done;
  };
}
