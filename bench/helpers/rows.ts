import { type Db, MongoClient, ObjectId } from 'mongodb';

/** Documents of about 450 bytes in a database of their own, to be copied for each run. */
export interface Source {
  readonly url: string;
  /** Puts the collection `rows` in the state before a run, and leaves nothing else. */
  reset(empty?: boolean): Promise<void>;
  /** Bytes of all documents. */
  size(): Promise<number>;
  close(): Promise<void>;
}

const LOT = 10_000;

/** One in ten has the value of another's `email`. */
export async function makeSource(url: string, count: number): Promise<Source> {
  const client = await new MongoClient(url).connect();
  const db = client.db();
  const source = client.db(`${db.databaseName}_source`);
  await source.dropDatabase();
  for (let at = 0; at < count; at += LOT) {
    const length = Math.min(LOT, count - at);
    const lot = Array.from({ length }, (_, i) => row(at + i));
    await source.collection('rows').insertMany(lot, { writeConcern: { w: 1 } });
  }
  return {
    url,
    reset: (empty = false) => reset(db, source, empty),
    size: async () => Number((await source.command({ collStats: 'rows' }))['size']),
    async close() {
      await source.dropDatabase();
      await client.close();
    },
  };
}

async function reset(db: Db, source: Db, empty: boolean): Promise<void> {
  await db.dropDatabase();
  if (empty) return;
  const out = { $out: { db: db.databaseName, coll: 'rows' } };
  await source.collection('rows').aggregate([out]).toArray();
  // The checkpoint of what was just copied shall not fall into the run.
  await db.admin().command({ fsync: 1 });
}

function row(n: number) {
  return {
    _id: new ObjectId(),
    n,
    name: n % 3 === 0 ? ` User ${n} ` : `User ${n}`,
    email: `user${n % 10 === 9 ? n - 1 : n}@example.org`,
    phone: `(555) 555-${n}`,
    note: 'a note',
    address: { street: `${n} Main Street`, city: 'x'.repeat(40) },
    tags: ['a', 'b', 'c'],
    text: `${n} y`.repeat(Math.ceil(170 / `${n} y`.length)),
    at: new Date(),
  };
}
