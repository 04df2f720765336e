import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusReport } from '../../../src/app/reports.ts';
import { createMigrator, type Migrator } from '../../../src/index.ts';
import { rounds } from '../../support/rounds.ts';
import { runCli, runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';
import { type Bench, mongoBench, postgresBench } from './databases.ts';

const MIGRATIONS = 6;

describe.each([
  ['mongodb', mongoBench],
  ['postgres', postgresBench],
])('%s: kill -9 at random moments', (_name, open) => {
  let bench: Bench;
  let folder: TestFolder;

  beforeAll(async () => {
    bench = await open();
    folder = await createFolder(bench.migrations(MIGRATIONS, 60));
  });
  afterAll(async () => {
    await folder.remove();
    await bench.stop();
  });

  it('history tells the truth each time, and the next up reaches the end', async () => {
    for (let round = 0; round < rounds(4, 100); round++) {
      const url = await bench.database();
      await killOnce(url, Math.random() * 1200);
      await tellsTheTruth(bench, folder, url);
      const up = await runCli(['up', '--retry', '--url', url, '--lock-timeout', '30s'], {
        cwd: folder.path,
      });
      expect(up.code, up.stderr).toBe(0);
      const { json } = await runJson<StatusReport>(['status', '--url', url], {
        cwd: folder.path,
      });
      expect(json.summary).toMatchObject({ applied: MIGRATIONS, pending: 0, interrupted: 0 });
      const marks = await bench.marks(url);
      if (bench.name === 'postgres') expect([...marks.values()]).toEqual(Array(MIGRATIONS).fill(1));
      else expect([...marks.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  async function killOnce(url: string, afterMs: number): Promise<void> {
    const running = startCli(['up', '--url', url], { cwd: folder.path });
    await Promise.race([sleep(200 + afterMs), running.done]);
    running.kill('SIGKILL');
    await running.done;
  }
});

/**
 * What is recorded as applied left its mark, and what left a mark is not called pending. Asked
 * from here: the command's own words are looked at once, at the end of each round.
 */
async function tellsTheTruth(bench: Bench, folder: TestFolder, url: string): Promise<void> {
  const migrator = createMigrator({ root: folder.path, url });
  try {
    const status = await settled(migrator);
    const marks = await bench.marks(url);
    for (const migration of status.migrations) {
      const n = Number(migration.version);
      if (migration.state === 'applied') expect(marks.get(n), migration.id).toBe(1);
      if (migration.state === 'pending') expect(marks.get(n), migration.id).toBeUndefined();
      expect(['applied', 'pending', 'interrupted']).toContain(migration.state);
    }
    const { runs } = await migrator.history();
    const interrupted = runs.filter((run) => run.status === 'interrupted');
    expect(interrupted.length).toBe(status.summary.interrupted);
  } finally {
    await migrator.close();
  }
}

/** A killed client's statement may still be running on the server: waits for its lock. */
async function settled(migrator: Migrator): Promise<StatusReport> {
  for (let i = 0; i < 100; i++) {
    const status = await migrator.status();
    if (status.lock?.alive !== true) return status;
    await sleep(100);
  }
  throw new Error('the lock of a dead process is still alive after 10 s');
}
