import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldHistory } from '../../../src/core/fold.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { acquireOptions, ended, header, job, openTest } from './kit.ts';

describe.each([true, false])('history and lock (replica set: %s)', (replicaSet) => {
  let server: TestMongod;
  let driver: Driver;
  beforeAll(async () => {
    server = await startMongod({ replicaSet });
  });
  afterAll(async () => server.stop());
  const fresh = async (): Promise<Driver> => {
    driver = await openTest(server.databaseUrl());
    return driver;
  };

  it('reads an empty history without creating anything', async () => {
    const driver = await fresh();
    expect(await driver.history.versions()).toEqual([]);
    expect(await driver.history.events()).toEqual([]);
    expect(await driver.lockHolder()).toBeUndefined();
    await driver.diagnose();
    await driver.close();
    const again = await openTest(server.databaseUrl(driver.target.database));
    expect(
      await again.readMirror({
        name: 'x',
        create: 'always',
        shape: { key: { field: 'v', value: 'id' } },
      }),
    ).toEqual([]);
    await again.close();
  });

  it('runs, records and folds', async () => {
    const driver = await fresh();
    const session = await driver.acquire(acquireOptions());
    const run = (
      version: string,
      step: Parameters<typeof job>[1],
      more: Parameters<typeof job>[2] = {},
    ) => session.execute(job(header(version, session.fence), step, more));
    const outcome = await run('1', async ({ db }) => {
      await db.createCollection('users');
      await db.collection('users').createIndex({ email: 1 }, { unique: true });
      await db.collection('users').insertMany([{ email: 'a' }, { email: 'b' }]);
      await db.collection('users').updateMany({}, { $set: { x: 1 } });
      await db.collection('users').deleteOne({ email: 'a' });
      return { ok: true };
    });
    expect(outcome).toMatchObject({
      status: 'applied',
      effect: 'complete',
      recorded: true,
      transactional: false,
      result: { ok: true },
      counts: { users: { created: 1, indexesCreated: 1, inserted: 2, modified: 2, deleted: 1 } },
    });
    const failed = await run('2', async ({ db }) => {
      await db.collection('users').insertOne({ email: 'b' });
    });
    expect(failed).toMatchObject({ status: 'failed', effect: 'partial', recorded: true });
    await session.append(
      [ended(header('3', session.fence), { via: 'baseline' }), ended(header('4', session.fence))],
      [],
    );
    await session.append(
      [{ ...header('4', session.fence, { checksum: 'edited' }), event: 'accepted' }],
      [],
    );
    await session.release();

    const events = await driver.history.events();
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    for (const event of events)
      expect(Math.abs(event.at.getTime() - Date.now())).toBeLessThan(10_000);
    const versions = await driver.history.versions();
    expect(versions).toEqual(foldHistory(events));
    expect(versions.map(({ state }) => state)).toEqual(['applied', 'failed', 'applied', 'applied']);
    expect(await driver.history.events({ limit: 2 })).toEqual(events.slice(-2));
    expect(await driver.history.events({ version: '1' })).toEqual(events.slice(0, 2));
    expect(await driver.lockHolder()).toBeUndefined();
    for (const finding of await driver.diagnose()) expect(finding.severity).not.toBe('error');
    await driver.close();
  });

  it('has one holder at a time, who can be seen', async () => {
    const driver = await fresh();
    const other = await openTest(server.databaseUrl(driver.target.database));
    const session = await driver.acquire(acquireOptions());
    expect(await other.lockHolder()).toMatchObject({
      fence: 1,
      alive: true,
      command: 'up',
      by: { user: 'tester' },
    });
    await expect(other.acquire(acquireOptions())).rejects.toMatchObject({
      code: 'GODWIT_LOCK_HELD',
      exitCode: 4,
    });
    await session.release();
    await session.release();
    const next = await other.acquire(acquireOptions());
    expect(next.fence).toBe(2);
    await expect(session.append([ended(header('1', 1))], [])).rejects.toMatchObject({
      code: 'GODWIT_LOCK_LOST',
    });
    await driver.close();
    expect((await other.lockHolder())?.fence).toBe(2);
    await other.close();
    expect(await (await fresh()).lockHolder()).toBeUndefined();
  });
});
