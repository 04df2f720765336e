import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackfillStatus } from '../../../src/app/backfill/types.ts';
import { startRedis, type TestRedis } from '../../../src/testing/redis.ts';
import { among, rounds } from '../../support/rounds.ts';
import { type Example, installExample, type Running, until } from './example.ts';

const ROWS = rounds(8_000, 20_000);
/** Small chunks, and slow enough that workers can be killed in the middle. */
const SLOWLY = ['--chunk', '100', '--max-rate', String(ROWS / 5)];
/** Minutes of work, so that it is under way for as long as a busy machine needs; then `hurry`. */
const VERY_SLOWLY = ['--chunk', '50', '--max-rate', '150'];
const DONE = { before: 0, once: ROWS, wrong: 0 };

const KINDS = ['mongodb', 'postgres'] as const;

// The queue is the same for both; without the soak the one that is quicker stands for it.
describe.each(among<(typeof KINDS)[number]>(KINDS, () => ['postgres']))(
  'godwit worker on %s',
  (kind) => {
    let example: Example;
    let redis: TestRedis;
    const shared = () => ({ GODWIT_REDIS_URL: redis.url });
    const startWorker = () => example.start(['worker', '--chunks', '10'], shared());
    const begin = (name: string, pace: readonly string[]) =>
      example.start(['backfill', 'run', name, ...pace], shared());
    /** Enough has been seen: the rest as fast as it goes. */
    const hurry = () => example.godwit(['backfill', 'throttle', 'count-visits', '--max-rate', '0']);

    const waiting = (worker: Running) =>
      until('the worker waits', () => worker.output().includes('Waiting for work'));

    beforeAll(async () => {
      [example, redis] = await Promise.all([installExample(kind), startRedis()]);
    });
    afterAll(async () => {
      await example?.stop();
      await redis?.stop();
    });

    it('shares the work of one backfill run with two workers', async () => {
      await example.fill(ROWS);
      const workers = [startWorker(), startWorker()];
      await Promise.all(workers.map(waiting));
      const run = begin('count-visits', VERY_SLOWLY);
      const seen = new Set<number>();
      await until('all three are seen in status', async () => {
        for (const { by } of (await example.status('count-visits')).workers) seen.add(by.pid);
        return seen.size >= 3;
      });
      const shown = ['backfill', 'status', 'count-visits'];
      const { backfill } = await example.json<BackfillStatus>(shown);
      expect(backfill.state).toBe('running');
      expect(backfill.workers.map(({ by }) => by.pid).filter((pid) => !seen.has(pid))).toEqual([]);
      await hurry();
      const { code, stderr } = await run.done;
      expect(code, stderr).toBe(0);
      expect((await example.check()).visits).toEqual(DONE);
      for (const worker of workers) {
        const ended = await worker.kill('SIGTERM');
        expect(ended.code, ended.stderr).toBe(0);
        expect(ended.stdout).toContain('Stopped after');
      }
    });

    it('workers killed at random, Redis killed and restarted: each row once', async () => {
      for (let round = 0; round < rounds(1, 15); round++) {
        await example.fill(ROWS);
        const workers = [startWorker(), startWorker()];
        await Promise.all(workers.map(waiting));
        const run = begin('count-visits', SLOWLY);
        let ended = false;
        void run.done.finally(() => {
          ended = true;
        });
        for (let kill = 0; !ended; kill++) {
          await pause(200 + Math.random() * 600);
          const victim = Math.floor(Math.random() * workers.length);
          await workers[victim]?.kill('SIGKILL');
          workers[victim] = startWorker();
          if (kill === 1) await redis.kill();
          if (kill === 3) await redis.restart();
        }
        const { code, stderr } = await run.done;
        await redis.restart();
        await Promise.all(workers.map((worker) => worker.kill('SIGKILL')));
        expect(code, stderr).toBe(0);
        expect((await example.check()).visits).toEqual(DONE);
      }
    });

    it('goes on, and ends it, when the one who began it is killed', async () => {
      await example.fill(ROWS);
      const workers = [startWorker(), startWorker()];
      await Promise.all(workers.map(waiting));
      const run = begin('count-visits', VERY_SLOWLY);
      await until('a worker has joined', async () => {
        const found = await example.status('count-visits').catch(() => undefined);
        return (found?.workers.length ?? 0) >= 2;
      });
      await run.kill('SIGKILL');
      await hurry();
      await until(
        'it is complete',
        async () => (await example.status('count-visits')).state === 'complete',
      );
      expect((await example.check()).visits).toEqual(DONE);
      const ends = await Promise.all(workers.map((worker) => worker.kill('SIGTERM')));
      expect(ends.map(({ code }) => code)).toEqual([0, 0]);
      expect(ends.some(({ stdout }) => stdout.includes('1 backfill ended'))).toBe(true);
    });

    it('a worker that is stopped finishes its chunks, and its job goes on elsewhere', async () => {
      await example.fill(ROWS);
      const first = startWorker();
      await waiting(first);
      const run = begin('count-visits', VERY_SLOWLY);
      await until('the worker has joined', async () => {
        const found = await example.status('count-visits').catch(() => undefined);
        return (found?.workers.length ?? 0) >= 2;
      });
      await run.kill('SIGKILL');
      const stopped = await first.kill('SIGTERM');
      expect(stopped.code, stopped.stderr).toBe(0);
      const { progress } = await example.status('count-visits');
      expect(progress?.rows).toBeLessThan(ROWS);
      const second = startWorker();
      await hurry();
      await until(
        'it is complete',
        async () => (await example.status('count-visits')).state === 'complete',
      );
      await second.kill('SIGTERM');
      expect((await example.check()).visits).toEqual(DONE);
    });
  },
);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
