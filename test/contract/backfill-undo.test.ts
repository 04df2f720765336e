import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withBackfills } from '../../src/app/backfill/engine.ts';
import { openProject } from '../../src/app/project.ts';
import type { Migrator } from '../../src/index.ts';
import { type BackfillDatabase, mongodb, postgres, type Row } from './backfill-databases.ts';
import { peopleMigrator, undoPeople } from './backfill-undo-work.ts';
import { Worker } from './backfill-workers.ts';

const COUNT = 6_000;

/** What one of several workers does, who heard of the wish before the others. */
async function endCancelled(url: string): Promise<boolean> {
  const project = openProject({ url, config: false });
  try {
    return await withBackfills(await project.driver(), 1, (backfills) =>
      backfills.end('backfill:people', 'cancelled', {}),
    );
  } finally {
    await project.close();
  }
}

describe.each([
  ['mongodb', mongodb],
  ['postgres', postgres],
] as const)('undoing what is not at its end, on %s', (name, start) => {
  let database: BackfillDatabase;
  let url: string;
  let before: Row[];
  let migrator: Migrator;
  beforeAll(async () => {
    database = await start();
  }, 120_000);
  afterAll(() => database?.stop());
  beforeEach(async () => {
    url = await database.create(COUNT);
    before = await database.rows(url);
    migrator = peopleMigrator(name, url);
  });
  afterEach(() => migrator.close());

  const stateNow = async () => (await migrator.backfill.status('people')).backfill.state;
  const changedNow = async () => (await database.rows(url)).filter(({ n }) => n !== 0).length;
  const worker = (mode: string) => new Worker({ database: name, mode, url });

  /** Kills a process after so many of its messages. */
  async function killed(mode: string, afterMs: number): Promise<void> {
    const victim = worker(mode);
    await victim.begun;
    await sleep(afterMs);
    await victim.kill();
    expect(victim.complete).toBe(false);
  }

  it('gives back what a backfill did that was killed half way', async () => {
    await killed('people', 300);
    const changed = await changedNow();
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThan(COUNT);
    expect(await stateNow()).toBe('interrupted');
    const began = performance.now();
    expect(await migrator.backfill.undo('people')).toMatchObject({ skipped: 0 });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await database.rows(url)).toEqual(before);
    expect(await stateNow()).toBe('undone');
    await expect(migrator.backfill.run('people')).rejects.toMatchObject({
      code: 'GODWIT_CONFIRMATION_NEEDED',
    });
  });

  it('refuses while somebody works on it, and changes nothing', async () => {
    const busy = worker('people');
    await busy.begun;
    await expect(migrator.backfill.undo('people')).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_BUSY',
      next: expect.arrayContaining([expect.stringContaining('backfill cancel people')]),
    });
    await busy.finish();
    expect(await stateNow()).toBe('complete');
    expect(await changedNow()).toBe(COUNT);
  });

  it('is stopped, says so, is not run over, and comes to its end', async () => {
    await migrator.backfill.run('people');
    const stop = new AbortController();
    migrator.on(({ type }) => {
      if (type === 'run.log') stop.abort();
    });
    const report = await migrator.backfill.undo('people', { signal: stop.signal });
    expect(report).toMatchObject({
      error: { code: 'GODWIT_STOPPED', next: ['go on: godwit backfill undo people'] },
    });
    expect(report.restored).toBeLessThan(COUNT);
    expect(await stateNow()).toBe('undoing');
    for (const again of [false, true]) {
      await expect(migrator.backfill.run('people', { again })).rejects.toMatchObject({
        code: 'GODWIT_BACKFILL_BUSY',
      });
    }
    const rest = await migrator.backfill.undo('people');
    expect(rest.restored).toBe(COUNT - report.restored);
    expect(await database.rows(url)).toEqual(before);
  });

  it('goes on at once after one that was killed, and two at a time are one', async () => {
    await migrator.backfill.run('people');
    await killed('undo', 5);
    const began = performance.now();
    const [first, second] = await Promise.allSettled([
      migrator.backfill.undo('people'),
      undoPeople(name, url, () => {}),
    ]);
    expect(performance.now() - began).toBeLessThan(20_000);
    const [failed] = [first, second].filter(({ status }) => status === 'rejected');
    // Who comes when the other has ended finds nothing left.
    if (failed) expect(failed).toMatchObject({ reason: { code: 'GODWIT_BACKFILL_BUSY' } });
    expect(await database.rows(url)).toEqual(before);
    expect(await stateNow()).toBe('undone');
  });

  it('gives back what was cancelled and begun anew, in one go', async () => {
    await killed('people', 200);
    await migrator.backfill.cancel('people');
    expect(await stateNow()).toBe('cancelled');
    await migrator.backfill.run('people', { again: true });
    const twice = (await database.rows(url)).filter(({ n }) => n === 2).length;
    expect(twice).toBeGreaterThan(0);
    expect(await migrator.backfill.undo('people')).toMatchObject({
      restored: COUNT + twice,
      skipped: 0,
    });
    expect(await database.rows(url)).toEqual(before);
  });

  it('gives back the last time only, when the time before was completed', async () => {
    await migrator.backfill.run('people');
    const once = await database.rows(url);
    await migrator.backfill.run('people', { again: true });
    expect(await migrator.backfill.undo('people')).toMatchObject({ restored: COUNT });
    expect(await database.rows(url)).toEqual(once);
  });

  it('tries again what was skipped', async () => {
    await migrator.backfill.run('people');
    const { phone } = (await database.rows(url))[6] as Row;
    await database.setPhone(url, 7, 'by hand');
    expect(await migrator.backfill.undo('people')).toMatchObject({ skipped: 1 });
    await database.setPhone(url, 7, phone);
    expect(await migrator.backfill.undo('people')).toMatchObject({ restored: 1, skipped: 0 });
    expect(await database.rows(url)).toEqual(before);
  });

  it('lets nobody commit who has a chunk, or is about to cut one', async () => {
    const stopped = worker('people');
    await stopped.begun;
    stopped.pause();
    await migrator.backfill.cancel('people');
    expect(await endCancelled(url)).toBe(true);
    await migrator.backfill.undo('people');
    stopped.goOn();
    await stopped.finish().catch(() => undefined);
    expect(await database.rows(url)).toEqual(before);
    expect(await stateNow()).toBe('undone');
  });

  it('refuses a definition that kept nothing', async () => {
    const plain = { ...database.target, ...database.increment, name: 'plain' };
    await migrator.backfill.run(plain);
    await expect(migrator.backfill.undo(plain)).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_INVALID',
      message: expect.stringContaining('was not kept'),
    });
    expect(await changedNow()).toBe(COUNT);
  });
});
