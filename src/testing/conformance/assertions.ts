import assert from 'node:assert/strict';
import { type ErrorCode, GodwitError } from '../../errors.ts';
import type { HistoryEvent, NewHistoryEvent, VersionRecord } from '../../ports/history.ts';

/** The error's code; anything else that happens is a failure. */
export async function rejects(
  work: Promise<unknown>,
  ...codes: readonly ErrorCode[]
): Promise<GodwitError> {
  const thrown = await work.then(
    () => assert.fail(`Expected ${codes.join(' or ')}, but it succeeded.`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof GodwitError)) throw thrown;
  assert.ok(
    codes.includes(thrown.code),
    `Expected ${codes.join(' or ')}, not ${thrown.code}: ${thrown.message}`,
  );
  return thrown;
}

/** Absent and undefined are the same in all that godwit stores. */
export function defined<T>(value: T): T {
  if (Array.isArray(value)) return value.map(defined) as T;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.map(([name, field]) => [name, defined(field)])) as T;
}

/** Compares records of versions, whose order nobody relies on. */
export function sameRecords(
  actual: readonly VersionRecord[],
  expected: readonly VersionRecord[],
): void {
  const sorted = (records: readonly VersionRecord[]) =>
    Object.fromEntries(
      records.map((record) => [`${record.kind}:${record.version}`, defined(record)]),
    );
  assert.deepEqual(sorted(actual), sorted(expected));
  assert.equal(actual.length, expected.length);
}

/** Compares what was read back with what was written, in order, without `seq` and `at`. */
export function sameEvents(
  actual: readonly HistoryEvent[],
  written: readonly NewHistoryEvent[],
): void {
  const bare = actual.map(({ seq: _seq, at: _at, ...event }) => defined(event));
  assert.deepEqual(bare, written.map(defined));
  for (const [index, event] of actual.entries()) {
    assert.ok(event.at instanceof Date, 'at is a Date');
    const before = actual[index - 1];
    if (before) assert.ok(event.seq > before.seq, `seq grows: ${before.seq}, ${event.seq}`);
  }
}

/** Waits until `condition` holds, looking every 20 ms. */
export async function eventually(
  condition: () => boolean,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    assert.ok(performance.now() < end, `Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
