import { existsSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { startMongod } from '../../../src/testing/mongod.ts';

describe('startMongod', () => {
  it('starts a replica set that takes transactions, and removes all of it', async () => {
    const server = await startMongod({ own: true });
    const client = new MongoClient(server.databaseUrl('größe'));
    await client.withSession((session) =>
      session.withTransaction(async () => {
        await client.db().collection('a').insertOne({ x: 1 }, { session });
      }),
    );
    expect(client.db().databaseName).toBe('größe');
    await client.close();
    await server.stop();
    await server.stop();
    expect(existsSync(`/proc/${server.pid}`)).toBe(false);
  });

  it('starts a standalone', async () => {
    const server = await startMongod({ replicaSet: false, own: true });
    const client = new MongoClient(server.uri);
    expect((await client.db('admin').command({ hello: 1 }))['setName']).toBeUndefined();
    await client.close();
    await server.stop();
  });

  it.each([true, false])('asks for a password (replica set: %s)', async (replicaSet) => {
    const server = await startMongod({ auth: true, replicaSet });
    const client = new MongoClient(server.databaseUrl());
    await client.db().collection('a').insertOne({ x: 1 });
    await client.close();
    const stranger = new MongoClient(`mongodb://127.0.0.1:${server.port}/?directConnection=true`);
    await expect(stranger.db('x').collection('a').findOne()).rejects.toThrow(/auth/i);
    await stranger.close();
    await server.stop();
  });

  it('starts three members', async () => {
    const server = await startMongod({ members: 3 });
    const client = new MongoClient(server.databaseUrl());
    await client
      .db()
      .collection('a')
      .insertOne({ x: 1 }, { writeConcern: { w: 3 } });
    expect(server.pids).toHaveLength(3);
    await client.close();
    await server.stop();
  });
});
