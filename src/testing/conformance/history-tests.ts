import assert from 'node:assert/strict';
import { foldHistory } from '../../core/fold.ts';
import type { NewHistoryEvent } from '../../ports/history.ts';
import { sameEvents, sameRecords } from './assertions.ts';
import type { ConformanceTest } from './harness.ts';
import { createRandom, randomHistory } from './random-history.ts';
import { acquire, ended, header } from './samples.ts';

const MIRROR = {
  name: 'sample_mirror',
  create: 'always',
  shape: { key: { field: 'version', value: 'version' } },
} as const;

export const HISTORY_TESTS: readonly ConformanceTest[] = [
  {
    name: 'reads an untouched database as empty, and writes nothing',
    async run({ open, database }) {
      const driver = await open();
      assert.deepEqual(await driver.history.versions(), []);
      assert.deepEqual(await driver.history.events(), []);
      assert.equal(await driver.lockHolder(), undefined);
      assert.deepEqual(await driver.readMirror(MIRROR), []);
      assert.ok(Array.isArray(await driver.diagnose()));
      assert.deepEqual(await database.objects(), []);
    },
  },
  {
    name: 'gives back every event as it was written, in order',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const events = everyKind(session.fence);
      await session.append(events.slice(0, 2), []);
      await session.append(events.slice(2), []);
      sameEvents(await driver.history.events(), events);
    },
  },
  {
    name: 'keeps names of any script, and long texts',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const name = 'größe_数据_🪿_l\'été_"x"_\\n';
      const events = [
        ended(7, {
          id: `007_${name}`,
          name,
          description: 'ß'.repeat(5_000),
          author: 'Zoë',
          fence: session.fence,
        }),
      ];
      await session.append(events, []);
      sameEvents(await driver.history.events(), events);
      sameRecords(await driver.history.versions(), foldHistory(await driver.history.events()));
    },
  },
  {
    name: 'keeps versions that are too long for a number, and versions that are none',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const versions = ['20240115103000', '123456789012345678901234567890', '1.10.2', 'R__views'];
      const events = versions.map((version) => ended(version, { fence: session.fence }));
      await session.append(events, []);
      sameEvents(await driver.history.events(), events);
    },
  },
  {
    name: 'folds as core does, whatever happened',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      for (let seed = 1; seed <= 12; seed++) {
        await session.append(randomHistory(createRandom(seed * 7919), 6), []);
        sameRecords(await driver.history.versions(), foldHistory(await driver.history.events()));
      }
    },
  },
  {
    name: 'finds the events of one version, and the newest runs',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const { fence } = session;
      const [one, two, undo] = [
        ended(1, { fence }),
        ended(2, { fence }),
        ended(1, { fence, direction: 'down' }),
      ];
      const started: NewHistoryEvent = { ...header(3, { fence }), event: 'started', resume: 'ask' };
      const three = ended(3, { fence, run: started.run });
      await session.append([one, two, undo, started, three], []);
      sameEvents(await driver.history.events({ version: '1' }), [one, undo]);
      sameEvents(await driver.history.events({ version: '9' }), []);
      sameEvents(await driver.history.events({ limit: 2 }), [undo, started, three]);
    },
  },
  {
    name: 'keeps its records where it is told to',
    async run({ open, database }) {
      const driver = await open();
      const other = { schema: 'godwit_other', prefix: 'other_' };
      const session = await acquire(driver);
      await session.append([ended(1, { fence: session.fence })], []);
      await session.release();
      await driver.close();
      const elsewhere = await open({ store: other });
      assert.deepEqual(await elsewhere.history.events(), []);
      const second = await acquire(elsewhere);
      await second.append([ended(2, { fence: second.fence })], []);
      assert.deepEqual(
        (await elsewhere.history.versions()).map(({ version }) => version),
        ['2'],
      );
      assert.ok((await database.objects()).some((name) => name.includes('other')));
    },
  },
  {
    name: 'shows at once what another driver wrote',
    shared: true,
    async run({ open }) {
      const [writer, reader] = [await open(), await open()];
      assert.deepEqual(await reader.history.versions(), []);
      const session = await acquire(writer);
      await session.append([ended(1, { fence: session.fence })], []);
      assert.deepEqual(
        (await reader.history.versions()).map(({ state }) => state),
        ['applied'],
      );
    },
  },
];

/** One of each, with every field that has a place in it. */
function everyKind(fence: number): NewHistoryEvent[] {
  const base = header(5, {
    fence,
    description: 'what it does',
    author: 'somebody',
    checksum: 'a'.repeat(64),
    normalized: `v1:${'b'.repeat(64)}`,
    by: { host: 'host-b', user: 'other', pid: 4, godwit: '0.0.0', git: 'c'.repeat(40) },
  });
  const error = {
    code: 'GODWIT_MIGRATION_FAILED',
    message: 'line one\nline two',
    where: { file: 'migrations/005_x.sql', line: 3, column: 9, statement: 'select 1' },
    state: 'Half of it is there.',
    next: ['godwit up'],
  } as const;
  return [
    { ...base, event: 'started', resume: 'checkpoint' },
    { ...base, event: 'checkpoint', statements: 1, prefix: 'd'.repeat(64) },
    { ...base, event: 'checkpoint', statements: 2, prefix: 'e'.repeat(64), before: true },
    ended(5, { ...base, version: '5', status: 'failed', effect: 'partial', error, durationMs: 12 }),
    ended(6, { fence, via: 'mark', reason: 'by hand', durationMs: 0 }),
    ended(8, { fence, result: { changed: 3, list: [1, 'a', null, true] }, backup: 'before-8' }),
    ended(9, { fence, direction: 'down' }),
    { ...header(8, { fence, checksum: 'f' }), event: 'accepted', reason: 'a comment only' },
  ];
}
