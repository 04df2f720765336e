import assert from 'node:assert/strict';
import { rejects } from './assertions.ts';
import type { ConformanceTest, Trial } from './harness.ts';
import { acquire, code, job } from './samples.ts';

export const TOGETHER_TESTS: readonly ConformanceTest[] = [
  {
    name: 'applies several in one transaction',
    run: (trial) =>
      together(trial, [1, 2, 3], async ({ outcomes, states, marks }) => {
        assert.deepEqual(outcomes, ['applied', 'applied', 'applied']);
        assert.deepEqual(states, ['applied', 'applied', 'applied']);
        assert.deepEqual(marks, [1, 2, 3]);
      }),
  },
  {
    name: 'applies none of several when one fails',
    run: (trial) =>
      together(trial, [1, -2, 3], async ({ outcomes, states, marks }) => {
        assert.equal(outcomes.includes('applied'), false);
        assert.equal(states.includes('applied'), false);
        assert.deepEqual(marks, []);
      }),
  },
];

interface Seen {
  readonly outcomes: string[];
  readonly states: string[];
  readonly marks: number[];
}

/** A negative number marks and then fails. */
async function together(
  { open, database }: Trial,
  numbers: readonly number[],
  look: (seen: Seen) => Promise<void>,
): Promise<void> {
  const driver = await open();
  const session = await acquire(driver);
  const jobs = numbers.map((n, index) =>
    job(
      session,
      index + 1,
      code(async (call) => {
        await database.mark(call, n);
        if (n < 0) throw new Error('no luck');
      }, 'always'),
    ),
  );
  if (!driver.capabilities.singleTransaction) {
    await rejects(
      session.executeTogether(jobs),
      'GODWIT_UNSUPPORTED',
      'GODWIT_TRANSACTION_REFUSED',
    );
    assert.deepEqual(await database.marks(), []);
    return;
  }
  const outcomes = (await session.executeTogether(jobs)).map(({ status }) => status);
  const states = (await driver.history.versions()).map(({ state }) => state);
  await look({ outcomes, states, marks: await database.marks() });
}
