import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryReport, StatusReport } from '../../../src/app/reports.ts';
import { createMigrator } from '../../../src/index.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { createPglite } from '../../../src/testing/pglite.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { type RunningCli, runCli, runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const SLOW = (ms: number): string => `module.exports = {
  up: async (db) => {
    await db.collection('marks').insertOne({ at: 'begin' });
    const end = Date.now() + ${ms};
    while (Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
    await db.collection('marks').insertOne({ at: 'end' });
  },
};\n`;

/** Looks again and again from here: as a process each time it would slow down what it waits for. */
async function until(
  what: string,
  folder: TestFolder,
  url: string,
  holds: (status: StatusReport) => boolean,
): Promise<void> {
  const migrator = createMigrator({ root: folder.path, url });
  try {
    for (let i = 0; i < 1000; i++) {
      if (holds(await migrator.status())) return;
      await sleep(50);
    }
  } finally {
    await migrator.close();
  }
  throw new Error(`never happened: ${what}`);
}

describe('mongodb lock holders', () => {
  let server: TestMongod;
  beforeAll(async () => {
    server = await startMongod();
  });
  afterAll(() => server.stop());

  async function started(folder: TestFolder, url: string, ...args: string[]): Promise<RunningCli> {
    const running = startCli(['up', '--url', url, ...args], { cwd: folder.path });
    await until('a running migration', folder, url, ({ summary }) => summary.running === 1);
    return running;
  }

  it('a dead one on this host is succeeded at once, long before its lease ends', async () => {
    const folder = await createFolder({ 'migrations/001_slow.cjs': SLOW(60_000) });
    const url = server.databaseUrl();
    const first = await started(folder, url, '--lock-lease', '60s');
    first.kill('SIGKILL');
    await first.done;
    const { json } = await runJson<StatusReport>(['status', '--url', url], { cwd: folder.path });
    expect(json.summary.interrupted).toBe(1);
    await folder.write({ 'migrations/001_slow.cjs': SLOW(0) });
    const began = performance.now();
    const refused = await runCli(['up', '--url', url], { cwd: folder.path });
    expect(refused.code, refused.stderr).toBe(5);
    const again = await runCli(['up', '--retry', '--url', url], { cwd: folder.path });
    expect(again.code, again.stderr).toBe(0);
    expect(performance.now() - began).toBeLessThan(30_000);
    await folder.remove();
  });

  it('one that is paused past its lease and comes back writes nothing more', async () => {
    const folder = await createFolder({ 'migrations/001_slow.cjs': SLOW(6_000) });
    const url = server.databaseUrl();
    const { MongoClient } = await import('mongodb');
    const client = await new MongoClient(url).connect();
    const marks = (at: string) => client.db().collection('marks').countDocuments({ at });
    const first = await started(folder, url, '--lock-lease', '2s');
    while ((await marks('begin')) === 0) await sleep(20);
    first.kill('SIGSTOP');
    // Its process is alive, so only the lease can end its lock.
    const second = await runCli(
      ['up', '--retry', '--url', url, '--lock-lease', '30s', '--lock-timeout', '20s'],
      {
        cwd: folder.path,
      },
    );
    expect(second.code, second.stderr).toBe(0);
    const { json: before } = await runJson<HistoryReport>(['history', '--url', url], {
      cwd: folder.path,
    });
    first.kill('SIGCONT');
    const result = await first.done;
    expect(result.code, result.stderr).toBe(4);
    expect(result.stdout + result.stderr).toContain('GODWIT_LOCK_LOST');
    const { json: after } = await runJson<HistoryReport>(['history', '--url', url], {
      cwd: folder.path,
    });
    expect(after).toEqual(before);
    // Two began; only the second was allowed to write its end.
    expect([await marks('begin'), await marks('end')]).toEqual([2, 1]);
    await client.close();
    await folder.remove();
  });

  it('a waiter says who holds the lock, and gives up with 4', async () => {
    const folder = await createFolder({ 'migrations/001_slow.cjs': SLOW(4_000) });
    const url = server.databaseUrl();
    const first = await started(folder, url);
    const waiter = await runCli(['up', '--url', url, '--lock-timeout', '500ms'], {
      cwd: folder.path,
    });
    expect(waiter.code).toBe(4);
    expect(waiter.stderr).toContain('GODWIT_LOCK_HELD');
    expect(waiter.stderr).toContain(String(first.pid));
    expect((await first.done).code).toBe(0);
    await folder.remove();
  });
});

describe('postgres lock holders', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('the work of a killed client is still under its lock, and the next one waits for it', async () => {
    const folder = await createFolder({
      'migrations/001_slow.sql':
        'create table marks (n int); insert into marks values (1); select pg_sleep(3);',
    });
    const url = await server.createDatabase();
    const first = startCli(['up', '--url', url], { cwd: folder.path });
    await until('a held lock', folder, url, ({ lock }) => lock?.alive === true);
    await sleep(500);
    first.kill('SIGKILL');
    await first.done;
    const next = await runCli(['up', '--url', url, '--lock-timeout', '20s'], { cwd: folder.path });
    expect(next.code, next.stderr).toBe(0);
    const { json } = await runJson<StatusReport>(['status', '--url', url], { cwd: folder.path });
    expect(json.summary.applied).toBe(1);
    const { json: history } = await runJson<HistoryReport>(['history', '--url', url], {
      cwd: folder.path,
    });
    expect(history.runs.map((run) => run.status)).toEqual(['applied']);
    await folder.remove();
  });
});

describe('two processes on one PGlite folder', () => {
  it('both end with 0, and each migration ran once', async () => {
    const database = await createPglite();
    const folder = await createFolder({
      'migrations/001_marks.sql': 'create table marks (n int); insert into marks values (1);',
      'migrations/002_more.sql': 'insert into marks values (2); select pg_sleep(1);',
    });
    const results = await Promise.all(
      [1, 2].map(() => runCli(['up', '--url', database.url, '--json'], { cwd: folder.path })),
    );
    expect(results.map((r) => [r.code, r.code === 0 ? '' : r.stdout + r.stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const { json } = await runJson<HistoryReport>(['history', '--url', database.url], {
      cwd: folder.path,
    });
    expect(json.runs.map((run) => run.id)).toEqual(['001_marks', '002_more']);
    await folder.remove();
    await database.remove();
  });
});
