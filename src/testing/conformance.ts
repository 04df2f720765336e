import { GodwitError } from '../errors.ts';
import { EXECUTE_TESTS } from './conformance/execute-tests.ts';
import {
  type ConformanceTest,
  createTrial,
  type DriverHarness,
  type Skip,
  type TestApi,
} from './conformance/harness.ts';
import { HISTORY_TESTS } from './conformance/history-tests.ts';
import { INTERRUPTION_TESTS } from './conformance/interruption-tests.ts';
import { LOCK_TESTS } from './conformance/lock-tests.ts';
import { MIRROR_TESTS } from './conformance/mirror-tests.ts';
import { SQL_TESTS } from './conformance/sql-tests.ts';
import { TOGETHER_TESTS } from './conformance/together-tests.ts';

export type {
  DriverHarness,
  HarnessDatabase,
  Skip,
  TestApi,
  TestFunction,
} from './conformance/harness.ts';

const GROUPS: Readonly<Record<string, readonly ConformanceTest[]>> = {
  history: HISTORY_TESTS,
  lock: LOCK_TESTS,
  execute: EXECUTE_TESTS,
  interruption: INTERRUPTION_TESTS,
  sql: SQL_TESTS,
  mirrors: MIRROR_TESTS,
  'one transaction': TOGETHER_TESTS,
};

export interface ConformanceOptions {
  /** `describe` and `it`; default the global ones, as jest and vitest's `globals` have them. */
  readonly api?: TestApi | undefined;
  /** Tests that this driver cannot pass. A name that is no test is an error. */
  readonly skip?: readonly Skip[] | undefined;
}

/**
 * Defines the tests that every driver must pass: history, lock, execution, interruption,
 * SQL files, mirrors. It asserts with node:assert, so any runner will do.
 *
 * @param name shown as the group's name
 * @param harness opens new, empty databases with the driver under test
 * @throws GodwitError `GODWIT_USAGE` when there is no `describe` and `it`, or `skip` names
 *   a test that does not exist
 * @example
 * import { describe, it } from 'node:test';
 * conformance('my driver', harness, { api: { describe, it } });
 */
export function conformance(
  name: string,
  harness: DriverHarness,
  options: ConformanceOptions = {},
): void {
  const api = options.api ?? globalApi();
  const reasons = skipReasons(options.skip ?? []);
  api.describe(`conformance: ${name}`, () => {
    for (const [group, all] of Object.entries(GROUPS)) {
      const tests = all.filter((test) => isFor(harness, test));
      // Runners take an empty group for a mistake.
      if (tests.length === 0) continue;
      api.describe(group, () => {
        for (const test of tests) define(api.it, test, harness, reasons.get(test.name));
      });
    }
  });
}

function define(
  it: TestApi['it'],
  test: ConformanceTest,
  harness: DriverHarness,
  reason: string | undefined,
): void {
  const body = async () => {
    const trial = createTrial(await harness.create());
    try {
      await test.run(trial);
    } finally {
      await trial.end();
    }
  };
  if (reason === undefined) it(test.name, body);
  else it.skip?.(`${test.name} (${reason})`, body);
}

/** What a driver has no room for is no test of it. */
function isFor(harness: DriverHarness, test: ConformanceTest): boolean {
  return (harness.shared || !test.shared) && (harness.sql || !test.sql);
}

function skipReasons(skips: readonly Skip[]): Map<string, string> {
  const known = new Set(Object.values(GROUPS).flatMap((tests) => tests.map((test) => test.name)));
  const reasons = new Map<string, string>();
  for (const { reason, tests } of skips) {
    for (const test of tests) {
      if (!known.has(test)) {
        throw new GodwitError(
          'GODWIT_USAGE',
          `The conformance suite has no test "${test}" to skip.`,
        );
      }
      reasons.set(test, reason);
    }
  }
  return reasons;
}

function globalApi(): TestApi {
  const { describe, it } = globalThis as Partial<TestApi>;
  if (describe && it) return { describe, it };
  throw new GodwitError('GODWIT_USAGE', 'There is no global describe and it.', {
    next: ['pass them: conformance(name, harness, { api: { describe, it } })'],
  });
}
