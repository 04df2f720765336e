import type { Db, MongoClient } from 'mongodb';
import { rawWriter } from '../../../src/drivers/mongodb/backup/raw-writer.ts';
import { moduleOf } from '../../../src/drivers/mongodb/client-module.ts';
import { everyType, oddDocument } from './backup-kit.ts';

/** One of every kind that a server has. */
export async function fillEveryKind(client: MongoClient, db: Db): Promise<void> {
  await db.collection('types').insertMany([everyType(), { _id: everyType() as never }]);
  const insert = rawWriter(moduleOf(client, process.cwd()));
  const odd = oddDocument();
  await insert(db, 'odd', { parts: [odd], bytes: odd.length, count: 1 });
  await db.createCollection('users', {
    collation: { locale: 'de', strength: 2 },
    validator: { $jsonSchema: { required: ['email'] } },
    validationLevel: 'strict',
    validationAction: 'error',
  });
  const simple = { collation: { locale: 'simple' } };
  await db.collection('users').createIndexes([
    { key: { email: 1 }, unique: true, partialFilterExpression: { email: { $type: 'string' } } },
    { key: { seen: 1 }, expireAfterSeconds: 60 },
    {
      key: { bio: 'text', '$**': 'text' },
      weights: { bio: 7 },
      default_language: 'german',
      ...simple,
    },
    { key: { '$**': 1 }, wildcardProjection: { secret: 0 }, ...simple },
    { key: { hide: -1, b: 1 }, hidden: true, sparse: true, name: 'hidden one', ...simple },
    { key: { place: '2dsphere' }, ...simple },
    { key: { email: 'hashed' }, ...simple },
  ]);
  const users = [{ email: 'a' }, { email: 'b', place: { type: 'Point', coordinates: [8, 47] } }];
  await db.collection('users').insertMany(users);
  await db.collection('users').insertOne({ broken: true }, { bypassDocumentValidation: true });
  await db.createCollection('capped', { capped: true, size: 8192, max: 5 });
  await db.createCollection('clustered', { clusteredIndex: { key: { _id: 1 }, unique: true } });
  for (const name of ['capped', 'clustered', 'a.b.ç %/ü?&x']) {
    await db.collection(name).insertMany([3, 1, 2].map((a) => ({ a })));
  }
  await db.createCollection('empty');
  await db.collection('x'.repeat(200)).insertOne({ long: true });
  await db.collection('ü'.repeat(90)).insertOne({ long: 'cut' });
  await db.createCollection('weather', {
    timeseries: { timeField: 'at', metaField: 'where', granularity: 'minutes' },
    expireAfterSeconds: 1_000_000_000,
  });
  await db.collection('weather').createIndex({ 'where.town': 1, at: 1 });
  const towns = ['Bern', 'Ulm', 'Linz'];
  await db.collection('weather').insertMany(
    Array.from({ length: 30 }, (_, i) => ({
      at: new Date(1.7e12 + i * 60_000),
      where: { town: towns[i % 3] },
      celsius: i / 3,
    })),
  );
  await db.createCollection('a view of a view', {
    viewOn: 'view',
    pipeline: [{ $match: { $expr: { $gt: ['$a', 1] } } }],
    collation: { locale: 'fr' },
  });
  await db.createCollection('view', {
    viewOn: 'capped',
    pipeline: [],
    collation: { locale: 'fr' },
  });
}
