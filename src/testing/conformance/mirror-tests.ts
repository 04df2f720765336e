import assert from 'node:assert/strict';
import type { Driver } from '../../ports/driver.ts';
import type { MirrorSpec } from '../../ports/history.ts';
import { succeeded } from './execute-tests.ts';
import type { ConformanceTest } from './harness.ts';
import { acquire, code, ended, job } from './samples.ts';

const ALWAYS: MirrorSpec = {
  name: 'sample_mirror',
  create: 'always',
  shape: {
    key: { field: 'version', value: 'version-number' },
    appliedAt: 'appliedAt',
    status: 'status',
    description: 'description',
    durationMs: 'durationMs',
  },
};
const EXISTING: MirrorSpec = { ...ALWAYS, name: 'other_mirror', create: 'existing' };

export const MIRROR_TESTS: readonly ConformanceTest[] = [
  {
    name: 'keeps a mirror in step with runs',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const mirrors = [ALWAYS];
      const nothing = code(() => {});
      succeeded(await session.execute(job(session, 1, nothing, { mirrors })), 'applied');
      succeeded(await session.execute(job(session, 2, nothing, { mirrors })), 'applied');
      assert.deepEqual(await keys(driver, ALWAYS), ['1', '2']);
      const [record] = await driver.readMirror(ALWAYS);
      assert.equal(record?.status, 'applied');
      assert.ok(record.appliedAt instanceof Date);
      const back = job(session, 1, nothing, { mirrors, header: { direction: 'down' } });
      succeeded(await session.execute(back), 'reverted');
      assert.deepEqual(await keys(driver, ALWAYS), ['2']);
    },
  },
  {
    name: 'keeps a mirror in step with records made by hand',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const { fence } = session;
      await session.append(
        [ended(1, { fence, via: 'mark' }), ended(2, { fence, via: 'mark' })],
        [ALWAYS],
      );
      assert.deepEqual(await keys(driver, ALWAYS), ['1', '2']);
      await session.append([ended(2, { fence, direction: 'down', via: 'mark' })], [ALWAYS]);
      assert.deepEqual(await keys(driver, ALWAYS), ['1']);
      await session.append([ended(1, { fence, via: 'mark' })], [ALWAYS]);
      assert.deepEqual(await keys(driver, ALWAYS), ['1']);
    },
  },
  {
    name: 'never mirrors a failure as applied',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const step = code(() => Promise.reject(new Error('no luck')));
      await session.execute(job(session, 1, step, { mirrors: [ALWAYS] }));
      const applied = (await driver.readMirror(ALWAYS)).filter(({ status }) => status !== 'failed');
      assert.deepEqual(applied, []);
    },
  },
  {
    name: 'does not create a mirror that is kept only while it exists',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      const outcome = await session.execute(
        job(
          session,
          1,
          code(() => {}),
          { mirrors: [EXISTING] },
        ),
      );
      succeeded(outcome, 'applied');
      assert.deepEqual(await driver.readMirror(EXISTING), []);
      assert.equal(
        (await database.objects()).some((name) => name.includes(EXISTING.name)),
        false,
      );
    },
  },
  {
    name: 'mirrors only migrations, not seeds or definitions',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const { fence } = session;
      await session.append([ended(1, { fence, kind: 'seed' }), ended(2, { fence })], [ALWAYS]);
      assert.deepEqual(await keys(driver, ALWAYS), ['2']);
    },
  },
];

async function keys(driver: Driver, spec: MirrorSpec): Promise<string[]> {
  return (await driver.readMirror(spec)).map(({ key }) => key).sort();
}
