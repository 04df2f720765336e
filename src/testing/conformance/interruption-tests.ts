import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeStep } from '../../ports/migration.ts';
import type { ConformanceTest } from './harness.ts';
import { acquire, code, job } from './samples.ts';

const SOURCE = `export async function up() {
  await Promise.resolve();
  throw new Error('here');
}
`;

export const INTERRUPTION_TESTS: readonly ConformanceTest[] = [
  {
    name: 'points at the line of the migration that threw',
    async run({ open }) {
      const session = await acquire(await open());
      const folder = await mkdtemp(join(tmpdir(), 'godwit conformance é-'));
      try {
        const path = join(folder, '001_throws.mjs');
        await writeFile(path, SOURCE);
        const { up } = (await import(pathToFileURL(path).href)) as { up: CodeStep };
        const { error } = await session.execute(job(session, 1, code(up, 'auto', path)));
        assert.equal(error?.where?.line, 3);
        assert.match(error.where.file ?? '', /001_throws\.mjs$/);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  },
  {
    name: 'rolls a transaction back when told to stop',
    async run({ open, database }) {
      const driver = await open();
      if (!driver.capabilities.transactions) return;
      const session = await acquire(driver);
      const stop = new AbortController();
      const step = code(async (call) => {
        await database.mark(call, 1);
        stop.abort();
        await database.mark(call, 2);
      }, 'always');
      const outcome = await session.execute(job(session, 1, step, { stop: stop.signal }));
      assert.equal(outcome.status, 'stopped', JSON.stringify(outcome));
      assert.equal(outcome.effect, 'none');
      assert.deepEqual(await database.marks(), []);
      assert.equal(
        (await driver.history.versions()).some(({ state }) => state === 'applied'),
        false,
      );
    },
  },
  {
    name: 'finishes what cannot be rolled back when told to stop',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      const stop = new AbortController();
      const step = code(async (call) => {
        await database.mark(call, 1);
        stop.abort();
        await database.mark(call, 2);
      }, 'never');
      const outcome = await session.execute(job(session, 1, step, { stop: stop.signal }));
      assert.equal(outcome.status, 'applied', JSON.stringify(outcome));
      assert.deepEqual(await database.marks(), [1, 2]);
    },
  },
  {
    name: 'writes no more when told to stop at once',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      const [stop, abort] = [new AbortController(), new AbortController()];
      let aborted = false;
      const step = code(async (call) => {
        await database.mark(call, 1);
        stop.abort();
        abort.abort();
        aborted = call.ctx.signal.aborted;
        await database.mark(call, 2);
      }, 'never');
      const work = job(session, 1, step, { stop: stop.signal, abort: abort.signal });
      const outcome = await session.execute(work);
      assert.notEqual(outcome.status, 'applied');
      assert.equal(aborted, true, 'the migration is told through its signal');
      assert.deepEqual(await database.marks(), [1]);
      // Stopping at once may have cost the connection.
      await driver.close();
      const [record] = await (await open()).history.versions();
      assert.ok(record?.state === 'failed' || record?.state === 'open', record?.state);
    },
  },
  {
    name: 'refuses what a migration kept after its end',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      let late: Promise<void> | undefined;
      let leave = () => {};
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const step = code((call) => {
        late = left.then(() => database.mark(call, 1));
        late.catch(() => {});
      });
      await session.execute(job(session, 1, step));
      leave();
      await assert.rejects(late ?? Promise.resolve());
      assert.deepEqual(await database.marks(), []);
    },
  },
];
