import assert from 'node:assert/strict';
import { GodwitError } from '../../errors.ts';
import type { Driver } from '../../ports/driver.ts';
import type { HistoryEvent } from '../../ports/history.ts';
import type { TransactionMode } from '../../ports/migration.ts';
import type { Outcome } from '../../ports/session.ts';
import type { ConformanceTest, HarnessDatabase } from './harness.ts';
import { ACTOR, acquire, code, job, recorder } from './samples.ts';

export const EXECUTE_TESTS: readonly ConformanceTest[] = [
  {
    name: 'applies, and records it',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      const work = job(
        session,
        1,
        code((call) => database.mark(call, 1)),
        {
          header: { description: 'first', checksum: 'abc' },
        },
      );
      const outcome = await session.execute(work);
      succeeded(outcome, 'applied');
      assert.deepEqual(await database.marks(), [1]);
      const events = await driver.history.events();
      assert.deepEqual(kinds(events), outcome.transactional ? ['ended'] : ['started', 'ended']);
      for (const event of events) {
        assert.equal(event.run, work.header.run);
        assert.equal(event.fence, session.fence);
        assert.equal(event.checksum, 'abc');
        assert.equal(event.by.host, ACTOR.host);
      }
      const [record] = await driver.history.versions();
      assert.equal(record?.state, 'applied');
      assert.equal(record.description, 'first');
    },
  },
  {
    name: 'reverts, and records it',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      await session.execute(
        job(
          session,
          1,
          code((call) => database.mark(call, 1)),
        ),
      );
      const back = job(
        session,
        1,
        code((call) => database.mark(call, 2)),
        { header: { direction: 'down' } },
      );
      succeeded(await session.execute(back), 'reverted');
      assert.deepEqual(await database.marks(), [1, 2]);
      assert.deepEqual(
        (await driver.history.versions()).map(({ state }) => state),
        ['pending'],
      );
    },
  },
  {
    name: 'tells the migration who it is',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const { events, emit } = recorder();
      let seen: unknown;
      const step = code(({ ctx, positional }) => {
        ctx.log('hello');
        const { id, version, name } = ctx.migration;
        seen = [
          ctx.driver,
          id,
          version,
          name,
          ctx.run,
          ctx.direction,
          ctx.variables['color'],
          positional.at(-1) === ctx,
        ];
      });
      const work = job(session, 3, step, { emit, variables: { color: 'red' } });
      succeeded(await session.execute(work), 'applied');
      const { run, id } = work.header;
      assert.deepEqual(seen, [driver.name, id, '3', 'sample', run, 'up', 'red', true]);
      const said = events.find(({ type }) => type === 'run.log');
      assert.ok(said?.type === 'run.log' && said.message === 'hello' && said.run === run);
    },
  },
  {
    name: 'keeps what the migration returns',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const result = { changed: 12, list: ['a', 1, null] };
      const outcome = await session.execute(
        job(
          session,
          1,
          code(async () => result),
        ),
      );
      assert.deepEqual(outcome.result, result);
      const last = (await driver.history.events()).at(-1);
      assert.deepEqual(last?.event === 'ended' && last.result, outcome.result);
    },
  },
  {
    name: 'does not stumble over a result that cannot be kept',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      const circle: Record<string, unknown> = { big: 10n, call: () => 1 };
      circle['self'] = circle;
      succeeded(
        await session.execute(
          job(
            session,
            1,
            code(() => circle),
          ),
        ),
        'applied',
      );
      assert.deepEqual(
        (await driver.history.versions()).map(({ state }) => state),
        ['applied'],
      );
    },
  },
  ...(['auto', 'always', 'never'] as const).map(failing),
  ...(['always', 'never'] as const).map(unverified),
  {
    name: 'reports whatever is thrown',
    async run({ open }) {
      const driver = await open();
      const session = await acquire(driver);
      for (const [index, thrown] of [
        'only text',
        undefined,
        42,
        { message: 'like one' },
      ].entries()) {
        const step = code(() => Promise.reject(thrown));
        const outcome = await session.execute(job(session, index + 1, step));
        assert.equal(outcome.status, 'failed');
        assert.equal(outcome.error?.code, 'GODWIT_MIGRATION_FAILED');
        assert.ok(outcome.error.message.length > 0);
      }
      assert.equal((await driver.history.versions()).length, 4);
    },
  },
  {
    name: "keeps the code of godwit's own errors",
    async run({ open }) {
      const session = await acquire(await open());
      const step = code(() => {
        throw new GodwitError('GODWIT_VARIABLE_MISSING', 'There is no color.');
      });
      const outcome = await session.execute(job(session, 1, step));
      assert.equal(outcome.error?.code, 'GODWIT_VARIABLE_MISSING');
    },
  },
  {
    name: 'fails again and then succeeds under one lock',
    async run({ open, database }) {
      const driver = await open();
      const session = await acquire(driver);
      const fails = code(() => Promise.reject(new Error('no luck')));
      assert.equal((await session.execute(job(session, 1, fails))).status, 'failed');
      succeeded(
        await session.execute(
          job(
            session,
            1,
            code((call) => database.mark(call, 1)),
          ),
        ),
        'applied',
      );
      assert.deepEqual(
        (await driver.history.versions()).map(({ state }) => state),
        ['applied'],
      );
      assert.deepEqual(await database.marks(), [1]);
    },
  },
];

export function succeeded(outcome: Outcome, status: 'applied' | 'reverted'): void {
  assert.equal(outcome.status, status, JSON.stringify(outcome.error));
  assert.equal(outcome.effect, 'complete');
  assert.equal(outcome.recorded, true);
  assert.ok(outcome.durationMs >= 0);
}

const kinds = (events: readonly HistoryEvent[]) => events.map(({ event }) => event);

/** Half of the work is done when it fails. */
function failing(mode: TransactionMode): ConformanceTest {
  return {
    name: `leaves what a failure must leave (transaction: ${mode})`,
    async run({ open, database }) {
      const driver = await open();
      if (mode === 'always' && !driver.capabilities.transactions) return refused(driver, database);
      const session = await acquire(driver);
      const step = code(async (call) => {
        await database.mark(call, 1);
        throw new Error('no luck');
      }, mode);
      const outcome = await session.execute(job(session, 1, step));
      assert.equal(outcome.error?.code, 'GODWIT_MIGRATION_FAILED');
      assert.match(outcome.error.message, /no luck/);
      await leavesTrace(outcome, mode, driver, database);
    },
  };
}

function unverified(mode: TransactionMode): ConformanceTest {
  return {
    name: `fails when verify does (transaction: ${mode})`,
    async run({ open, database }) {
      const driver = await open();
      if (mode === 'always' && !driver.capabilities.transactions) return refused(driver, database);
      const session = await acquire(driver);
      const step = code((call) => database.mark(call, 1), mode);
      const verify = code(() => Promise.reject(new Error('not good')), mode);
      const outcome = await session.execute(job(session, 1, step, { verify }));
      assert.equal(outcome.error?.code, 'GODWIT_VERIFY_FAILED');
      assert.match(outcome.error.message, /not good/);
      await leavesTrace(outcome, mode, driver, database);
    },
  };
}

/** In a transaction nothing is left, outside one what was done before. The record says which. */
async function leavesTrace(
  outcome: Outcome,
  mode: TransactionMode,
  driver: Driver,
  database: HarnessDatabase,
): Promise<void> {
  assert.equal(outcome.status, 'failed');
  assert.equal(outcome.recorded, true);
  if (mode !== 'auto') assert.equal(outcome.transactional, mode === 'always');
  assert.equal(outcome.effect, outcome.transactional ? 'none' : 'partial');
  assert.deepEqual(await database.marks(), outcome.transactional ? [] : [1]);
  const [record] = await driver.history.versions();
  assert.equal(record?.state, 'failed');
  assert.equal(record.effect, outcome.effect);
  assert.equal(record.error?.code, outcome.error?.code);
}

/** A transaction that the server cannot give is refused before the work begins. */
async function refused(driver: Driver, database: HarnessDatabase): Promise<void> {
  const session = await acquire(driver);
  const step = code((call) => database.mark(call, 1), 'always');
  const outcome = await session.execute(job(session, 1, step)).catch((error: unknown) => error);
  const error = outcome instanceof GodwitError ? outcome : (outcome as Outcome).error;
  assert.ok(error, 'it is refused');
  assert.ok(['GODWIT_UNSUPPORTED', 'GODWIT_TRANSACTION_REFUSED'].includes(error.code), error.code);
  assert.deepEqual(await database.marks(), []);
}
