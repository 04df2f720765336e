import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { installNeuronav, type Neuronav } from './project.ts';

let server: TestMongod;
let project: Neuronav;

beforeAll(async () => {
  [server, project] = await Promise.all([startMongod(), installNeuronav()]);
});

afterAll(async () => {
  await project?.remove();
  await server?.stop();
});

async function users(port: number): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/`)).json();
}

describe("the guide's blue-green deployment", () => {
  it('runs an old and a new application side by side, each when its database is ready', async () => {
    const MONGODB_URI = server.databaseUrl();
    const type = (command: string, more = {}) => project.type(command, { MONGODB_URI, ...more });
    expect((await type('npm run migrate:up 3')).code).toBe(0);
    const client = await new MongoClient(MONGODB_URI).connect();
    await client.db().collection('users').insertOne({ email: 'ada@example.com' });
    await client.close();

    const old = await project.startApp({ MONGODB_URI, MIGRATION_VERSION: '3' });
    const early = await type('node app.js', { MIGRATION_VERSION: '4' });
    expect(early.code).toBe(3);
    expect(early.stderr).toContain('not at version 4 yet');

    expect((await type('npm run migrate:up')).code).toBe(0);
    const young = await project.startApp({ MONGODB_URI, MIGRATION_VERSION: '4' });
    expect(await users(old.port)).toEqual([{ email: 'ada@example.com' }]);
    expect(await users(young.port)).toEqual([{ email: 'ada@example.com', picture: null }]);

    // An old one that is started after the migration passes too.
    const late = await project.startApp({ MONGODB_URI, MIGRATION_VERSION: '3' });
    await Promise.all([old.stop(), late.stop()]);
    expect(await users(young.port)).toHaveLength(1);
    await young.stop();
  });
});
