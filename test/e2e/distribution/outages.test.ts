import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../../../src/testing/redis.ts';
import { rounds } from '../../support/rounds.ts';
import { type Example, installExample, until } from './example.ts';

const ROWS = rounds(8_000, 20_000);
const DONE = { before: 0, once: ROWS, wrong: 0 };
/** Minutes of work, so that it is under way for as long as a busy machine needs; then `hurry`. */
const SLOWLY = ['--chunk', '50', '--max-rate', '150'];

/** What the queue cannot do must not matter to the work: on one database, as it is the same. */
describe('Redis and bullmq that are not there', () => {
  let example: Example;
  let redis: TestRedis;
  const at = (server: TestRedis) => ['--redis', server.url];
  /** Enough has been seen: the rest as fast as it goes. */
  const hurry = () => example.godwit(['backfill', 'throttle', 'count-visits', '--max-rate', '0']);
  const workersOf = async () => (await example.status('count-visits')).workers.length;
  const rowsOf = async () => (await example.status('count-visits')).progress?.rows ?? 0;

  beforeAll(async () => {
    [example, redis] = await Promise.all([installExample('postgres'), startRedis()]);
  });
  beforeEach(() => example.fill(ROWS));
  afterAll(async () => {
    await example?.stop();
    await redis?.stop();
  });

  it('a Redis that was never there is said once; the work is done', async () => {
    await redis.kill();
    const run = await example.godwit(['backfill', 'run', 'count-visits', ...at(redis)]);
    await redis.restart();
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout.match(/The Redis cannot be reached/g)).toHaveLength(1);
    expect((await example.check()).visits).toEqual(DONE);
  });

  it('a Redis that comes back brings the workers back', async () => {
    const worker = example.start(['worker', ...at(redis)]);
    await until('the worker waits', () => worker.output().includes('Waiting for work'));
    await redis.kill();
    const run = example.start(['backfill', 'run', 'count-visits', ...SLOWLY, ...at(redis)]);
    await until('it is said', () => run.output().includes('The Redis cannot be reached'));
    await redis.restart();
    await until('the worker has joined', async () => (await workersOf()) === 2);
    expect(run.output()).toContain('The Redis is back');
    await hurry();
    expect((await run.done).code).toBe(0);
    await worker.kill('SIGTERM');
    expect((await example.check()).visits).toEqual(DONE);
  });

  it('a worker whose Redis is gone goes on with what it has, and stops when it is told to', async () => {
    const worker = example.start(['worker', '--chunks', '2', ...at(redis)]);
    await until('the worker waits', () => worker.output().includes('Waiting for work'));
    const run = example.start(['backfill', 'run', 'count-visits', ...SLOWLY, ...at(redis)]);
    await until('the worker has joined', async () => (await workersOf()) === 2);
    await redis.kill();
    await run.kill('SIGKILL');
    await until('the worker knows', () => worker.output().includes('The Redis cannot be reached'));
    const before = await rowsOf();
    await until('it did more', async () => (await rowsOf()) > before);
    expect(before).toBeLessThan(ROWS);
    const since = performance.now();
    const ended = await worker.kill('SIGTERM');
    expect(ended.code, ended.stderr).toBe(0);
    expect(performance.now() - since).toBeLessThan(45_000);
    await redis.restart();
    await hurry();
    const rest = await example.godwit(['backfill', 'run', 'count-visits']);
    expect(rest.code, rest.stderr).toBe(0);
    expect((await example.check()).visits).toEqual(DONE);
  });

  it('a worker with another definition leaves the work to others, and says so', async () => {
    const file = join(example.path, 'postgres/backfills/count-visits.js');
    const text = await readFile(file, 'utf8');
    const run = example.start(['backfill', 'run', 'count-visits', ...SLOWLY]);
    await until('it has begun', async () => (await workersOf().catch(() => 0)) === 1);
    await run.kill('SIGKILL');
    const publishing = example.start(['backfill', 'run', 'count-visits', ...SLOWLY, ...at(redis)]);
    await until('it goes on', () => workersOf().then((count) => count >= 1));
    try {
      await writeFile(file, text.replace('visits + 1', 'visits + 100'));
      const worker = example.start(['worker', ...at(redis)]);
      await until('it refuses', () => worker.output().includes('leaves backfill:count-visits'));
      expect(worker.output()).toContain('GODWIT_BACKFILL_CHANGED');
      await hurry();
      expect((await publishing.done).code).toBe(0);
      const ended = await worker.kill('SIGTERM');
      expect(ended.code).toBe(0);
      expect(ended.stdout).toContain('left to others');
    } finally {
      await writeFile(file, text);
    }
    expect((await example.check()).visits).toEqual(DONE);
  });

  it('without bullmq says what to install', async () => {
    const bare = await installExample('postgres', ['pg']);
    // Its own copy is found before that of the repository: one that cannot be resolved.
    try {
      await bare.fill(10);
      await writeFile(join(bare.path, 'no-bullmq.cjs'), NO_BULLMQ);
      const env = { NODE_OPTIONS: `--require ${join(bare.path, 'no-bullmq.cjs')}` };
      for (const command of [['worker'], ['backfill', 'run', 'count-visits']]) {
        const { code, stderr } = await bare.godwit([...command, ...at(redis)], env);
        expect(code).toBe(2);
        expect(stderr).toContain('GODWIT_DRIVER_MISSING');
        expect(stderr).toContain('npm install bullmq ioredis');
      }
      expect((await bare.check()).visits.once).toBe(0);
    } finally {
      await bare.stop();
      await rm(bare.path, { recursive: true, force: true });
    }
  });

  it('says what is wrong with a URL, without its password', async () => {
    const missing = await example.godwit(['worker']);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('GODWIT_URL_MISSING');
    const wrong = await example.godwit(['worker', '--redis', 'http://u:geheim@somewhere']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('GODWIT_URL_INVALID');
    expect(wrong.stdout + wrong.stderr).not.toContain('geheim');
  });
});

/** The repository has bullmq installed, so a project without it is one that cannot find it. */
const NO_BULLMQ = `
const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name === 'bullmq') throw Object.assign(new Error('Cannot find it'), { code: 'MODULE_NOT_FOUND' });
  return resolve.call(this, name, ...rest);
};
`;
