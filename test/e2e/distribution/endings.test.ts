import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../../src/testing/redis.ts';
import { rounds } from '../../support/rounds.ts';
import { type Example, installExample, type Running, until } from './example.ts';

const ROWS = rounds(8_000, 20_000);
/** A row that cannot be done, late in the table. */
const STUMBLE = ROWS * 0.75;
const SLOWLY = ['--chunk', '100', '--max-rate', String(Math.round(ROWS / 13))];

/** Endings that a worker must bring about when whoever began is not there any more. */
describe('a backfill whose beginner was killed', () => {
  let example: Example;
  let redis: TestRedis;
  let worker: Running;
  const shared = () => ({ GODWIT_REDIS_URL: redis.url });

  /** Begun, joined by the worker, and then alone with it. */
  const abandon = async (name: string): Promise<void> => {
    const run = example.start(['backfill', 'run', name, ...SLOWLY], shared());
    await until('the worker has joined', async () => {
      const found = await example.status(name).catch(() => undefined);
      return (found?.workers.length ?? 0) >= 2;
    });
    await run.kill('SIGKILL');
  };

  beforeAll(async () => {
    [example, redis] = await Promise.all([installExample('postgres'), startRedis()]);
    await writeFile(
      join(example.path, 'postgres/backfills/stumble.js'),
      `import { defineBackfill } from 'godwit';
export default defineBackfill({
  table: 'patients',
  fields: ['i', 'visits'],
  transform({ i, visits }) {
    if (i === ${STUMBLE}) throw new Error('patient ${STUMBLE} is not what it seems');
    return { visits: visits + 1 };
  },
});`,
    );
  });
  beforeEach(async () => {
    await worker?.kill('SIGKILL');
    await example.fill(ROWS);
    worker = example.start(['worker'], shared());
    await until('the worker waits', () => worker.output().includes('Waiting for work'));
  });
  afterAll(async () => {
    await example?.stop();
    await redis?.stop();
  });

  it('is cancelled from another terminal', async () => {
    await abandon('count-visits');
    await example.godwit(['backfill', 'cancel', 'count-visits']);
    await until(
      'it is cancelled',
      async () => (await example.status('count-visits')).state === 'cancelled',
    );
    const { visits } = await example.check();
    expect(visits.before).toBeGreaterThan(0);
    expect(visits.wrong).toBe(0);
    expect((await worker.kill('SIGTERM')).code).toBe(0);
  });

  it('is paused and resumed from another terminal', async () => {
    await abandon('count-visits');
    await example.godwit(['backfill', 'pause', 'count-visits']);
    await until('it rests', async () => (await example.status('count-visits')).state === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const before = (await example.status('count-visits')).progress?.rows;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect((await example.status('count-visits')).progress?.rows).toBe(before);
    await example.godwit(['backfill', 'throttle', 'count-visits', '--max-rate', '0']);
    await example.godwit(['backfill', 'resume', 'count-visits']);
    await until(
      'it is complete',
      async () => (await example.status('count-visits')).state === 'complete',
    );
    expect((await example.check()).visits).toEqual({ before: 0, once: ROWS, wrong: 0 });
  });

  it('fails for all at a row that stops it', async () => {
    await abandon('stumble');
    await example.godwit(['backfill', 'throttle', 'stumble', '--max-rate', '0']);
    await until('it has failed', async () => (await example.status('stumble')).state === 'failed');
    const found = await example.status('stumble');
    expect(found.error?.message).toContain(`patient ${STUMBLE} is not what it seems`);
    const { visits } = await example.check();
    expect(visits.wrong).toBe(0);
    expect((await worker.kill('SIGTERM')).code).toBe(0);
  });
});
