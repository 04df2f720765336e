import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { foldHistory } from '../../../src/core/fold.ts';
import type { GodwitEvent } from '../../../src/events.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { bundledChild } from '../../support/bundles.ts';
import { acquireOptions, ended, header, openTest } from './kit.ts';

interface Line {
  readonly event: string;
  readonly [name: string]: unknown;
}

class Child {
  readonly process: ChildProcess;
  readonly lines: Line[] = [];
  readonly #arrived: (() => void)[] = [];
  readonly gone: Promise<unknown>;

  constructor(mode: string, url: string, leaseMs = 15_000) {
    const file = bundledChild(new URL('./child.ts', import.meta.url));
    this.process = spawn(process.execPath, [file, mode, url, String(leaseMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.gone = once(this.process, 'exit');
    if (this.process.stdout) {
      createInterface(this.process.stdout).on('line', (line) => {
        this.lines.push(JSON.parse(line) as Line);
        for (const wake of this.#arrived.splice(0)) wake();
      });
    }
  }

  async until(event: string): Promise<Line> {
    for (;;) {
      const line = this.lines.find((one) => one.event === event);
      if (line) return line;
      await Promise.race([
        new Promise<void>((resolve) => this.#arrived.push(resolve)),
        this.gone
          .then(() => sleep(100))
          .then(() => {
            if (!this.lines.some((one) => one.event === event))
              throw new Error(`It ended without "${event}"`);
          }),
      ]);
    }
  }
}

describe.each([true, false])('several processes (replica set: %s)', (replicaSet) => {
  let server: TestMongod;
  let client: MongoClient;
  const children: Child[] = [];
  const start = (...args: ConstructorParameters<typeof Child>): Child => {
    const child = new Child(...args);
    children.push(child);
    return child;
  };
  beforeAll(async () => {
    server = await startMongod({ replicaSet });
    client = await new MongoClient(server.uri).connect();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.process.kill('SIGKILL');
      await child.gone;
    }
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  const nameOf = (url: string) => new URL(url).pathname.slice(1);

  it('one of several that start at once runs, the others find nothing to do', async () => {
    const url = server.databaseUrl();
    const racers = Array.from({ length: 6 }, () => start('race', url));
    for (const racer of racers) {
      const [code] = (await racer.gone) as [number];
      expect(code).toBe(0);
    }
    const outcomes = racers.map(
      (racer) => racer.lines.find(({ event }) => event === 'ended')?.['outcome'],
    );
    expect(outcomes.filter((outcome) => outcome === 'nothing to do')).toHaveLength(5);
    expect(await client.db(nameOf(url)).collection('n').find().toArray()).toMatchObject([
      { value: 1 },
    ]);
    const fences = racers
      .map((racer) => racer.lines[0]?.['fence'])
      .sort((a, b) => Number(a) - Number(b));
    expect(fences).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('a killed holder is succeeded at once, and its run is seen as interrupted', async () => {
    const url = server.databaseUrl();
    const child = start('write', url, 60_000);
    await child.until('writing');
    child.process.kill('SIGKILL');
    await child.gone;
    const driver = await openTest(url);
    expect(await driver.lockHolder()).toMatchObject({ alive: false, fence: 1 });
    const events: GodwitEvent[] = [];
    const began = performance.now();
    const session = await driver.acquire(acquireOptions({ emit: (event) => events.push(event) }));
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(events).toMatchObject([
      { type: 'lock.acquired', fence: 2, succeeded: { fence: 1, alive: false } },
    ]);
    const log = await driver.history.events();
    expect(log.map(({ event }) => event)).toEqual(['started']);
    expect(await driver.history.versions()).toMatchObject([{ state: 'open', fence: 1 }]);
    await session.append([ended(header('2', 2))], []);
    expect(await driver.history.versions()).toEqual(foldHistory(await driver.history.events()));
    await driver.close();
  });

  it('a paused holder that comes back is refused, and writes no record', async () => {
    const url = server.databaseUrl();
    const child = start('write', url, 1500);
    await child.until('writing');
    child.process.kill('SIGSTOP');
    await sleep(200);
    const driver = await openTest(url);
    const events: GodwitEvent[] = [];
    const session = await driver.acquire(
      acquireOptions({ timeoutMs: 10_000, emit: (e) => events.push(e) }),
    );
    expect(events[0]).toMatchObject({
      type: 'lock.waiting',
      holder: { alive: true, by: { user: 'tester' } },
    });
    const before = await client.db(nameOf(url)).collection('ticks').countDocuments();
    child.process.kill('SIGCONT');
    expect(await child.until('refused')).toMatchObject({ code: 'GODWIT_LOCK_LOST' });
    expect(await child.until('ended')).toMatchObject({
      outcome: { status: 'failed', recorded: false },
    });
    expect(await client.db(nameOf(url)).collection('ticks').countDocuments()).toBeLessThanOrEqual(
      before + 1,
    );
    expect((await driver.history.events()).map(({ event }) => event)).toEqual(['started']);
    await session.append([ended(header('2', session.fence))], []);
    await driver.close();
  });

  it('a paused holder whom nobody succeeded is refused too', async () => {
    const url = server.databaseUrl();
    const child = start('write', url, 1000);
    await child.until('writing');
    child.process.kill('SIGSTOP');
    await sleep(1500);
    child.process.kill('SIGCONT');
    expect(await child.until('lost')).toMatchObject({ code: 'GODWIT_LOCK_LOST' });
    expect(await child.until('ended')).toMatchObject({ outcome: { recorded: false } });
    const driver = await openTest(url);
    expect(await driver.history.versions()).toMatchObject([{ state: 'open' }]);
    const session = await driver.acquire(acquireOptions());
    expect(session.fence).toBe(2);
    await driver.close();
  });

  it.runIf(replicaSet)('a transaction that a killed process left open is ended', async () => {
    const url = server.databaseUrl();
    const child = start('writeInTransaction', url, 60_000);
    await child.until('writing');
    await sleep(100);
    child.process.kill('SIGKILL');
    await child.gone;
    const driver = await openTest(url);
    const began = performance.now();
    const session = await driver.acquire(acquireOptions());
    // It would block this collection, were it open.
    await client.db(nameOf(url)).collection('ticks').drop();
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await driver.history.events()).toEqual([]);
    await session.release();
    await driver.close();
  });

  it.each(replicaSet ? (['chain', 'chainInTransactions'] as const) : (['chain'] as const))(
    'kills at random moments leave a true history (%s)',
    async (mode) => {
      const url = server.databaseUrl();
      const rounds = Number(process.env['GODWIT_SOAK_KILLS'] ?? 6);
      const driver = await openTest(url);
      for (let round = 0; round < rounds; round++) {
        const child = start(mode, url, 60_000);
        await child.until('writing');
        await sleep(Math.random() * 150);
        child.process.kill('SIGKILL');
        await child.gone;
      }
      // Whoever comes next ends what is still under way, and then nothing changes any more.
      const session = await driver.acquire(acquireOptions({ timeoutMs: 5000 }));
      const events = await driver.history.events();
      const versions = await driver.history.versions();
      expect(versions).toEqual(foldHistory(events));
      const found = await client
        .db(nameOf(url))
        .collection('chain')
        .find()
        .sort({ n: 1 })
        .toArray();
      const applied = versions
        .filter(({ state }) => state === 'applied')
        .map(({ version }) => Number(version));
      const times = new Map(found.map(({ n, times }) => [Number(n), Number(times)]));
      for (const n of applied) expect(times.get(n)).toBeGreaterThan(0);
      const log = client.db(nameOf(url)).collection<{ _id: number }>('godwit_history');
      const places = (await log.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
      expect(places).toEqual(places.map((_, index) => index + 1));
      if (mode === 'chainInTransactions') {
        expect([...times.keys()]).toEqual(applied);
        expect(new Set(times.values())).toEqual(new Set([1]));
      } else {
        // What was done without a record shows as open, or was run again after that.
        for (const n of times.keys())
          expect(versions.some(({ version }) => version === String(n))).toBe(true);
      }
      await session.release();
      await driver.close();
    },
  );

  it('work that goes on in the server for a killed process is ended', async () => {
    const url = server.databaseUrl();
    const child = start('slow', url, 60_000);
    await child.until('writing');
    await sleep(300);
    child.process.kill('SIGKILL');
    await child.gone;
    const driver = await openTest(url);
    const events: GodwitEvent[] = [];
    const session = await driver.acquire(acquireOptions({ emit: (event) => events.push(event) }));
    expect(events.map(({ type }) => type)).toEqual(['lock.acquired']);
    const touched = () =>
      client.db(nameOf(url)).collection('slow').countDocuments({ touched: true });
    const before = await touched();
    expect(before).toBeGreaterThan(0);
    await sleep(500);
    expect(await touched()).toBe(before);
    await session.release();
    await driver.close();
  });

  it.runIf(replicaSet)("a transaction of a killed process's own is ended", async () => {
    const url = server.databaseUrl();
    const child = start('ownTransaction', url, 60_000);
    await child.until('writing');
    child.process.kill('SIGKILL');
    await child.gone;
    const driver = await openTest(url);
    const events: GodwitEvent[] = [];
    const session = await driver.acquire(acquireOptions({ emit: (event) => events.push(event) }));
    expect(events.map(({ type }) => type)).toEqual(['lock.acquired']);
    const own = client.db(nameOf(url)).collection('own');
    const mine = { $set: { by: 'successor' } };
    expect(await own.updateOne({}, mine, { maxTimeMS: 5_000 })).toMatchObject({
      modifiedCount: 1,
    });
    await session.release();
    await driver.close();
  });

  it('a lock that was taken away ends its holder', async () => {
    const url = server.databaseUrl();
    const child = start('write', url, 1500);
    await child.until('writing');
    const driver = await openTest(url);
    const holder = await driver.lockHolder();
    if (!holder) throw new Error('nobody');
    expect(await driver.breakLock({ ...holder, fence: 99 })).toBe(false);
    expect(await driver.breakLock(holder)).toBe(true);
    expect(await driver.breakLock(holder)).toBe(false);
    const session = await driver.acquire(acquireOptions());
    await child.until('lost');
    expect(await child.until('ended')).toMatchObject({ outcome: { recorded: false } });
    expect((await driver.history.events()).map(({ event }) => event)).toEqual(['started']);
    await session.release();
    await driver.close();
  });
});
