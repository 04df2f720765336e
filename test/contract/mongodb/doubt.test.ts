import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { foldHistory } from '../../../src/core/fold.ts';
import { MOST_IN_DOUBT } from '../../../src/drivers/mongodb/places.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import type { Outcome, Session } from '../../../src/ports/session.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { acquireOptions, type Ctx, ended, header, job, openTest } from './kit.ts';

const APPLIED = { status: 'applied', recorded: true };

describe('records in doubt', () => {
  let server: TestMongod;
  let members: MongoClient[];
  let driver: Driver;
  let session: Session;
  const sent: { name: string; collection: unknown; w: unknown }[] = [];

  beforeAll(async () => {
    server = await startMongod({ members: 3, parameters: { enableTestCommands: '1' } });
    const hosts = /\/\/([^/]+)\//.exec(server.uri)?.[1]?.split(',') ?? [];
    members = await Promise.all(
      hosts.map((host) => MongoClient.connect(`mongodb://${host}/?directConnection=true`)),
    );
  });
  afterAll(async () => {
    await Promise.all(members.map((member) => member.close()));
    await server.stop();
  });

  /** Secondaries that are there, but take nothing over: no majority can be reached. */
  async function replication(on: boolean): Promise<void> {
    const mode = on ? 'off' : 'alwaysOn';
    for (const member of members) {
      const admin = member.db('admin');
      if ((await admin.command({ hello: 1 }))['isWritablePrimary']) continue;
      await admin.command({ configureFailPoint: 'rsSyncApplyStop', mode });
    }
    await sleep(300);
  }

  beforeEach(async () => {
    const client = new MongoClient(server.databaseUrl(), { monitorCommands: true });
    sent.length = 0;
    client.on('commandStarted', ({ commandName: name, command }) => {
      sent.push({ name, collection: command[name], w: command['writeConcern']?.w });
    });
    await client.connect();
    driver = await openTest(server.databaseUrl(client.db().databaseName), { client });
    session = await driver.acquire(acquireOptions({ leaseMs: 30_000 }));
    return async () => {
      await replication(true);
      await driver.close();
      await client.close();
    };
  });

  const run = (version: string, step: (ctx: Ctx) => unknown, more?: Parameters<typeof job>[2]) =>
    session.execute(job(header(version, session.fence), step, more));
  const write = ({ db }: Ctx) => db.collection('a').insertOne({ x: 1 });
  const events = async () => (await driver.history.events()).map(({ event }) => event);

  async function isPending(promise: Promise<unknown>, ms = 400): Promise<boolean> {
    return Promise.race([promise.then(() => false), sleep(ms, true)]);
  }

  it('a run that did nothing does not wait, one that writes does, before its write', async () => {
    await replication(false);
    expect(await run('1', () => {})).toMatchObject(APPLIED);
    expect(await run('2', ({ db }) => db.collection('a').countDocuments())).toMatchObject(APPLIED);
    expect(await events()).toEqual(['started', 'ended', 'started', 'ended']);
    const third = run('3', write);
    expect(await isPending(third)).toBe(true);
    expect(sent.some(({ name, collection }) => name === 'insert' && collection === 'a')).toBe(
      false,
    );
    const barrier = sent.find(({ name, w }) => name === 'update' && w === 'majority');
    expect(barrier).toMatchObject({ collection: 'godwit_history' });
    await replication(true);
    expect(await third).toMatchObject(APPLIED);
  });

  it.each([
    ['a transaction', () => run('2', write, { transaction: 'always' })],
    ['a record by hand', () => session.append([ended(header('2', session.fence))], [])],
    ['the end', () => session.settle?.() ?? Promise.reject(new Error('cannot'))],
    ['release', () => session.release()],
    ['a run that took its time', () => run('2', () => sleep(5))],
    [
      'a run that fails',
      () =>
        run('2', () => {
          throw new Error('no');
        }),
    ],
  ])('are settled before %s', async (_, next) => {
    await replication(false);
    expect(await run('1', () => {})).toMatchObject(APPLIED);
    const doing = next();
    expect(await isPending(doing)).toBe(true);
    await replication(true);
    await doing;
    expect(await driver.history.versions()).toHaveLength((await events()).length > 2 ? 2 : 1);
  });

  it('share a message with the start of the next run in a series, until one works', async () => {
    const order: string[] = [];
    const steps = [() => {}, () => {}, write, () => Promise.reject(new Error('no')), () => {}];
    const jobs = steps.map((step, index) => job(header(String(index + 1), session.fence), step));
    sent.length = 0;
    const outcomes = await session.executeSeries?.(jobs, {
      begin: ({ header: { version } }) => order.push(`begin ${version}`),
      end: ({ header: { version } }, { status }) => order.push(`${status} ${version}`),
    });
    expect(outcomes?.map(({ status }) => status)).toEqual([
      ...['applied', 'applied', 'applied', 'failed'],
    ]);
    const pairs = ['1', '2', '3'].flatMap((version) => [`begin ${version}`, `applied ${version}`]);
    expect(order).toEqual([...pairs, 'begin 4', 'failed 4']);
    // Start; end and start; end and start; barrier, work, end; start, end.
    const history = sent.filter(({ collection }) => collection === 'godwit_history');
    expect(history.map(({ name, w }) => [name, w])).toEqual([
      ...[1, 1, 1].map((w) => ['insert', w]),
      ...[
        ['update', 'majority'],
        ['insert', 'majority'],
        ['insert', 1],
        ['insert', 'majority'],
      ],
    ]);
    expect((await driver.history.events()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await driver.history.versions()).toMatchObject([
      ...['1', '2', '3'].map((version) => ({ version, state: 'applied' })),
      { version: '4', state: 'failed' },
    ]);
  });

  it('a series that is stopped starts no further run', async () => {
    const stop = new AbortController();
    const jobs = ['1', '2'].map((version) =>
      job(header(version, session.fence), () => stop.abort(), { stop: stop.signal }),
    );
    const outcomes = await session.executeSeries?.(jobs, { begin: () => {}, end: () => {} });
    expect(outcomes).toMatchObject([{ status: 'applied' }]);
    expect(await events()).toEqual(['started', 'ended']);
  });

  it('are few', async () => {
    await replication(false);
    const outcomes: Outcome[] = [];
    const all = (async () => {
      for (let version = 1; version <= MOST_IN_DOUBT; version++) {
        outcomes.push(await run(String(version), () => {}));
      }
    })();
    expect(await isPending(all, 1500)).toBe(true);
    expect(outcomes).toHaveLength(MOST_IN_DOUBT / 2);
    await replication(true);
    await all;
    expect(await session.settle?.()).toBeUndefined();
    expect(await driver.history.versions()).toHaveLength(MOST_IN_DOUBT);
  });

  it('are not reported as done when the lock was lost meanwhile', async () => {
    await run('2', () => {});
    await members[0]
      ?.db(driver.target.database)
      .collection('godwit_history')
      .updateOne({ version: '2', event: 'ended' }, { $set: { run: 'of somebody else' } });
    expect(await session.settle?.()).toMatchObject({
      runs: [{ id: '002_m', direction: 'up' }],
      error: { code: 'GODWIT_LOCK_LOST' },
    });
  });

  it('are written again, in order, when they went with their primary', async () => {
    await replication(false);
    for (const version of ['1', '2', '3']) await run(version, () => {});
    const before = await driver.history.events();
    expect(before).toHaveLength(6);
    process.kill(server.pids[0] ?? 0, 'SIGKILL');
    members.shift()?.close();
    // The others have none of the records, and choose one of themselves.
    await replication(true);
    expect(await run('4', write)).toMatchObject(APPLIED);
    expect(await session.settle?.()).toBeUndefined();
    const after = await driver.history.events();
    expect(after.slice(0, 6)).toEqual(before);
    expect(after.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await driver.history.versions()).toEqual(foldHistory(after));
  });
});
