import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withBackfills } from '../../src/app/backfill/engine.ts';
import { openProject } from '../../src/app/project.ts';
import type { Migrator } from '../../src/index.ts';
import { among, SOAK } from '../support/rounds.ts';
import {
  type BackfillDatabase,
  mongodb,
  pglite,
  postgres,
  type Row,
} from './backfill-databases.ts';
import { peopleBackfill, peopleMigrator } from './backfill-undo-work.ts';
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

const DATABASES = [
  ['mongodb', mongodb],
  ['postgres', postgres],
  ['pglite', pglite],
] as const;

// PGlite's statements are PostgreSQL's.
describe.each(among<(typeof DATABASES)[number]>(DATABASES, (all) => all.slice(0, 2)))(
  'undoing what is not at its end, on %s',
  (name, start) => {
    let database: BackfillDatabase;
    let url: string;
    let before: Row[];
    let migrator: Migrator;
    beforeAll(async () => {
      database = await start();
    });
    afterAll(() => database?.stop());
    beforeEach(async () => {
      url = await database.create(COUNT);
      before = await database.rows(url);
      migrator = peopleMigrator(name, database.connect(url));
    });
    // What needs a second process.
    const itIsShared = name === 'pglite' ? it.skip : it;
    afterEach(() => migrator.close());

    const stateNow = async () => (await migrator.backfill.status('people')).backfill.state;
    const changedNow = async () => (await database.rows(url)).filter(({ n }) => n !== 0).length;
    const worker = (mode: string) => {
      if (name === 'pglite') throw new Error('PGlite is for one process');
      return new Worker({ database: name, mode, url });
    };

    /** Kills a process after so many of its messages. */
    async function killed(mode: string, afterMs: number): Promise<void> {
      const victim = worker(mode);
      await victim.begun;
      await sleep(afterMs);
      await victim.kill();
      expect(victim.complete).toBe(false);
    }

    itIsShared('gives back what a backfill did that was killed half way', async () => {
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

    itIsShared('refuses while somebody works on it, and changes nothing', async () => {
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
      const busy = { code: 'GODWIT_BACKFILL_BUSY' };
      await expect(migrator.backfill.retry('people')).rejects.toMatchObject(busy);
      await expect(migrator.backfill.cancel('people')).rejects.toMatchObject(busy);
      expect(await stateNow()).toBe('undoing');
      const rest = await migrator.backfill.undo('people');
      expect(rest.restored).toBe(COUNT - report.restored);
      expect(await database.rows(url)).toEqual(before);
      expect(await stateNow()).toBe('undone');
      await expect(migrator.backfill.retry('people')).rejects.toMatchObject({
        code: 'GODWIT_CONFIRMATION_NEEDED',
        next: [expect.stringContaining('backfill run people --again')],
      });
    });

    itIsShared(
      'refuses while another undoes it, and goes on at once when that one is killed',
      async () => {
        await migrator.backfill.run('people');
        const other = worker('undo');
        await other.begun;
        other.pause();
        expect(other.complete).toBe(false);
        await expect(migrator.backfill.undo('people')).rejects.toMatchObject({
          code: 'GODWIT_BACKFILL_BUSY',
          next: ['wait for it: godwit backfill status people'],
        });
        expect(await stateNow()).toBe('undoing');
        await other.kill();
        const began = performance.now();
        expect(await migrator.backfill.undo('people')).toMatchObject({ skipped: 0 });
        expect(performance.now() - began).toBeLessThan(20_000);
        expect(await database.rows(url)).toEqual(before);
        expect(await stateNow()).toBe('undone');
      },
    );

    it.runIf(SOAK && name !== 'pglite')('one that stood still for long is overtaken', async () => {
      await migrator.backfill.run('people');
      const slow = worker('undo');
      await slow.begun;
      slow.pause();
      await sleep(16_000);
      await migrator.backfill.undo('people');
      expect(await database.rows(url)).toEqual(before);
      await migrator.backfill.run('people', { again: true });
      slow.goOn();
      await expect(slow.finish()).rejects.toThrow('GODWIT_BACKFILL_BUSY');
      expect(await changedNow()).toBe(COUNT);
      expect(await stateNow()).toBe('complete');
    });

    itIsShared('counts a row once that it left as it was twice', async () => {
      await killed('people', 200);
      await migrator.backfill.cancel('people');
      await migrator.backfill.run('people', { again: true });
      const twice = (await database.rows(url)).find(({ n }) => n === 2);
      await database.setPhone(url, twice?.id ?? 0, 'mine');
      const report = await migrator.backfill.undo('people');
      expect(report).toMatchObject({ skipped: 1, skippedKeys: [expect.anything()] });
    });

    itIsShared('gives back what was cancelled and begun anew, in one go', async () => {
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

    itIsShared('lets nobody commit who has a chunk, or is about to cut one', async () => {
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

    // Begun anew by a process that was killed before it took the last time's chunks: as the
    // ledger stands then.
    it.runIf(name === 'mongodb')('bars the last time when whoever began anew did not', async () => {
      const stopped = worker('people');
      await stopped.begun;
      stopped.pause();
      await migrator.backfill.cancel('people');
      expect(await endCancelled(url)).toBe(true);
      const client = await new MongoClient(url).connect();
      const ledgers = client.db().collection<{ _id: string }>('godwit_ledger');
      const begun = {
        state: 'running',
        control: {},
        generation: 2,
        unbarred: 1,
        workers: [],
        extra: 0,
      };
      expect(await ledgers.updateOne({ _id: 'backfill:people' }, { $set: begun })).toMatchObject({
        modifiedCount: 1,
      });
      await migrator.backfill.run('people', { acceptDefinition: true });
      const after = await database.rows(url);
      stopped.goOn();
      await stopped.finish().catch(() => undefined);
      expect(await database.rows(url)).toEqual(after);
      expect(await ledgers.findOne()).not.toHaveProperty('unbarred');
      await client.close();
      await migrator.backfill.undo('people');
      expect(await database.rows(url)).toEqual(before);
    });

    it('gives back what one did that failed', async () => {
      const failing = {
        ...peopleBackfill(name),
        chunk: 500,
        transform: ({ n, phone }: { n: number; phone: string }) => {
          if (phone === '0004000') throw new Error('no such number');
          return { n: n + 1 };
        },
      };
      await migrator.backfill.run(failing);
      expect(await stateNow()).toBe('failed');
      const changed = await changedNow();
      expect(changed).toBeGreaterThan(0);
      expect(await migrator.backfill.undo(failing)).toMatchObject({ restored: changed });
      expect(await database.rows(url)).toEqual(before);
    });

    it('refuses what kept nothing, and a definition of something else', async () => {
      const plain = { ...database.target, ...database.increment, name: 'plain' };
      await migrator.backfill.run(plain);
      await expect(migrator.backfill.undo({ ...plain, backup: 'touched' })).rejects.toMatchObject({
        code: 'GODWIT_BACKFILL_INVALID',
        message: expect.stringContaining('kept nothing'),
      });
      const other = name === 'mongodb' ? { collection: 'other' } : { table: 'other' };
      await expect(migrator.backfill.undo({ ...plain, ...other })).rejects.toMatchObject({
        code: 'GODWIT_BACKFILL_CHANGED',
      });
      expect(await changedNow()).toBe(COUNT);
      expect((await migrator.backfill.status('plain')).backfill.state).toBe('complete');
    });
  },
);
