import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Driver } from '../../ports/driver.ts';
import type { Session } from '../../ports/session.ts';
import { eventually, rejects } from './assertions.ts';
import type { ConformanceTest } from './harness.ts';
import { ACTOR, acquire, code, ended, job, recorder } from './samples.ts';

export const LOCK_TESTS: readonly ConformanceTest[] = [
  {
    name: 'says who holds the lock, and that nobody does',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver, { command: 'down' });
      const holder = await driver.lockHolder();
      assert.ok(holder, 'there is a holder');
      const { host, user, pid } = holder.by;
      assert.deepEqual({ host, user, pid }, { host: ACTOR.host, user: ACTOR.user, pid: ACTOR.pid });
      assert.equal(holder.command, 'down');
      assert.equal(holder.fence, session.fence);
      assert.equal(holder.alive, true);
      assert.ok(Math.abs(holder.since.getTime() - Date.now()) < 60_000, 'since is now');
      assert.equal(holder.expiresAt !== undefined, driver.capabilities.lease);
      await session.release();
      assert.equal(await driver.lockHolder(), undefined);
    },
  },
  {
    name: 'is not given twice by one driver',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      await rejects(acquire(driver), 'GODWIT_LOCK_HELD');
      await session.release();
      await (await acquire(driver)).release();
    },
  },
  {
    name: 'is refused at once when nobody wants to wait',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      await acquire(one);
      const start = performance.now();
      const error = await rejects(acquire(two), 'GODWIT_LOCK_HELD');
      assert.ok(performance.now() - start < 2_000, 'at once');
      assert.ok(error.message.includes(ACTOR.host), `names the holder: ${error.message}`);
    },
  },
  {
    name: 'is waited for, and says for whom',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      const session = await acquire(one);
      const { events, emit } = recorder();
      const waiting = acquire(two, { timeoutMs: 20_000, emit });
      await eventually(() => events.some(({ type }) => type === 'lock.waiting'), 'lock.waiting');
      await session.release();
      const next = await waiting;
      assert.ok(next.fence > session.fence);
      const [said] = events;
      assert.ok(said?.type === 'lock.waiting' && said.timeoutMs === 20_000);
      assert.equal(said.holder?.by.host, ACTOR.host);
      assert.equal(said.holder?.fence, session.fence);
    },
  },
  {
    name: 'is waited for no longer than asked',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      await acquire(one);
      const start = performance.now();
      await rejects(acquire(two, { timeoutMs: 700 }), 'GODWIT_LOCK_HELD');
      const waited = performance.now() - start;
      assert.ok(waited > 500 && waited < 5_000, `waited ${Math.round(waited)} ms`);
    },
  },
  {
    name: 'is no longer waited for when told to stop',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      await acquire(one);
      const stop = new AbortController();
      const start = performance.now();
      const waiting = rejects(
        acquire(two, { timeoutMs: 30_000, signal: stop.signal }),
        'GODWIT_STOPPED',
      );
      await sleep(150);
      stop.abort();
      await waiting;
      assert.ok(performance.now() - start < 5_000, 'soon');
      assert.equal((await one.lockHolder())?.alive, true);
    },
  },
  {
    name: 'is held by one at a time, each with a higher fence',
    shared: true,
    async run({ open }) {
      const drivers = await Promise.all(Array.from({ length: 6 }, () => open()));
      const order: string[] = [];
      const fences = await Promise.all(drivers.map((driver) => enterAndLeave(driver, order)));
      const pairs = order.map((entry, index) => (index % 2 === 0 ? 'in' : 'out') === entry);
      assert.ok(pairs.every(Boolean), `nobody enters before another leaves: ${order.join(' ')}`);
      assert.equal(new Set(fences).size, fences.length);
    },
  },
  {
    name: 'has a fence that grows from one holder to the next',
    async run({ open }) {
      const driver = await open();
      let last = 0;
      for (let round = 0; round < 3; round++) {
        const session = await acquire(driver);
        assert.ok(session.fence > last, `${session.fence} after ${last}`);
        last = session.fence;
        await session.append([ended(round + 1, { fence: session.fence })], []);
        await session.release();
      }
    },
  },
  {
    name: 'may be released twice, and only by who holds it',
    async run({ open }) {
      const driver = await open();
      const first = await acquire(driver);
      await first.release();
      await first.release();
      const second = await acquire(driver);
      await first.release();
      assert.equal((await driver.lockHolder())?.fence, second.fence);
      await second.append([ended(1, { fence: second.fence })], []);
    },
  },
  {
    name: 'refuses to write once it is released',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      await session.release();
      await refusesToWrite(session, driver);
    },
  },
  {
    name: 'is taken from exactly the holder that was seen',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      const first = await acquire(one);
      const holder = await two.lockHolder();
      assert.ok(holder);
      await first.release();
      const second = await acquire(one);
      assert.equal(await two.breakLock(holder), false);
      assert.equal((await two.lockHolder())?.fence, second.fence);
    },
  },
  {
    name: 'writes nothing once it is taken away',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      const lost = await acquire(one, { leaseMs: 3_000 });
      const holder = await two.lockHolder();
      assert.ok(holder);
      assert.equal(await two.breakLock(holder), true);
      const next = await acquire(two, { timeoutMs: 10_000 });
      assert.ok(next.fence > lost.fence);
      await refusesToWrite(lost, two);
      await eventually(() => lost.lost.aborted, 'lost is aborted');
      await lost.release();
      assert.equal((await two.lockHolder())?.fence, next.fence);
    },
  },
  {
    name: 'is released by closing, which may be done twice',
    shared: true,
    async run({ open }) {
      const [one, two] = [await open(), await open()];
      await acquire(one);
      await one.close();
      await one.close();
      const session = await acquire(two, { timeoutMs: 5_000 });
      await session.release();
    },
  },
];

async function enterAndLeave(driver: Driver, order: string[]): Promise<number> {
  const session = await acquire(driver, { timeoutMs: 40_000 });
  order.push('in');
  await sleep(20);
  order.push('out');
  await session.release();
  return session.fence;
}

/** Neither records nor work of a session that is no more. */
async function refusesToWrite(session: Session, reader: Driver): Promise<void> {
  const before = await reader.history.events();
  const gone = ['GODWIT_LOCK_LOST', 'GODWIT_CONNECTION_LOST'] as const;
  await rejects(session.append([ended(90, { fence: session.fence })], []), ...gone);
  let ran = false;
  const step = code(() => {
    ran = true;
  });
  await rejects(session.execute(job(session, 91, step)), ...gone);
  assert.equal(ran, false, 'the work was not begun');
  assert.deepEqual(await reader.history.events(), before);
}
