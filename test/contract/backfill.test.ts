import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createMigrator,
  defineBackfill,
  type GodwitEvent,
  type Migrator,
} from '../../src/index.ts';
import type { BackfillSpec } from '../../src/ports/backfill-spec.ts';
import { type BackfillDatabase, mongodb, pglite, postgres } from './backfill-databases.ts';

const COUNT = 3_000;

describe.each([
  ['mongodb', mongodb],
  ['postgres', postgres],
  ['pglite', pglite],
] as const)('backfills on %s', (_, start) => {
  let database: BackfillDatabase;
  let root: string;
  const open: Migrator[] = [];

  beforeAll(async () => {
    database = await start();
    root = await mkdtemp(join(tmpdir(), 'godwit-backfill-'));
  });

  afterEach(async () => {
    for (const migrator of open.splice(0)) await migrator.close();
  });

  afterAll(async () => {
    await database?.stop();
    await rm(root, { recursive: true, force: true });
  });

  const use = (url: string, backfills: BackfillSpec[] = [], dir = 'migrations'): Migrator => {
    const to = database.connect(url);
    const migrator = createMigrator({ ...to, root, dir, config: false, backfills });
    open.push(migrator);
    return migrator;
  };

  const inJavaScript = (): BackfillSpec => ({
    ...database.target,
    name: 'add',
    transform: ({ n }: { n: number }) => ({ n: n + 1 }),
  });

  const once = (rows: readonly { n: number }[]): void => {
    expect(rows.filter(({ n }) => n !== 1)).toEqual([]);
  };

  it('changes every row once where the database computes it, and keeps a summary', async () => {
    const url = await database.create(COUNT);
    const spec = defineBackfill({
      ...database.target,
      ...database.increment,
      name: 'add',
      chunk: 500,
      verify: database.notOnce,
    });
    const migrator = use(url, [spec]);
    const events: GodwitEvent[] = [];
    migrator.on((event) => events.push(event));
    const { summary, ran, error } = await migrator.backfill.run('add');
    expect(error).toBeUndefined();
    expect(ran).toBe(true);
    expect(summary).toMatchObject({
      state: 'complete',
      rows: COUNT,
      changed: COUNT,
      generation: 1,
    });
    expect(summary.chunkMs.p95).toBeGreaterThan(0);
    expect(events.map(({ type }) => type)).toContain('backfill.progress');
    const { runs } = await migrator.history();
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ kind: 'backfill', id: 'add', status: 'applied' });
    expect(runs[0]?.result).toMatchObject({ rows: COUNT, chunkMs: summary.chunkMs });
    expect((await migrator.status()).migrations).toEqual([]);
    const { backfill } = await migrator.backfill.status('add');
    expect(backfill).toMatchObject({ state: 'complete', done: 1, workers: [] });
    once(await database.rows(url));
  });

  it('changes every row once in JavaScript, and does not do it again', async () => {
    const url = await database.create(COUNT);
    const migrator = use(url, [inJavaScript()]);
    expect((await migrator.backfill.run('add')).summary.changed).toBe(COUNT);
    const again = await migrator.backfill.run('add');
    expect(again.ran).toBe(false);
    expect(again.summary).toMatchObject({ state: 'complete', rows: COUNT });
    once(await database.rows(url));
  });

  it('begins anew when it is told to', async () => {
    const url = await database.create(50);
    const migrator = use(url, [inJavaScript()]);
    await migrator.backfill.run('add');
    const { summary } = await migrator.backfill.run('add', { again: true });
    expect(summary.generation).toBe(2);
    expect(new Set((await database.rows(url)).map(({ n }) => n))).toEqual(new Set([2]));
  });

  it('runs a transform of a module in threads, deletes and leaves alone', async () => {
    const url = await database.create(400);
    const path = join(root, 'threads.mjs');
    await writeFile(
      path,
      `export default ({ n, phone }) => phone.endsWith('0') ? { $delete: true } : phone.endsWith('1') ? undefined : { n: n + 1, phone: '+' + phone };\n`,
    );
    const spec = { ...database.target, name: 'threads', transform: path };
    const { summary, error } = await use(url, [spec]).backfill.run('threads');
    expect(error).toBeUndefined();
    expect(summary).toMatchObject({ rows: 400, changed: 320, deleted: 40 });
    const rows = await database.rows(url);
    expect(rows).toHaveLength(360);
    expect(rows.filter(({ phone }) => phone.startsWith('+'))).toHaveLength(320);
  });

  it('sets aside the rows that are refused, and tries them again', async () => {
    const url = await database.create(500);
    await database.setPhone(url, 77, 'bad');
    await database.setPhone(url, 303, 'bad');
    await database.refuseBadPhones(url);
    const spec = {
      ...database.target,
      name: 'plus',
      onError: 'skip-and-record',
      transform: ({ n, phone }: { n: number; phone: string }) => ({ n: n + 1, phone: `+${phone}` }),
    } as const;
    const migrator = use(url, [spec]);
    const { summary } = await migrator.backfill.run('plus');
    expect(summary).toMatchObject({ state: 'complete', poisoned: 2 });
    const { poisoned } = await migrator.backfill.status('plus');
    // Keys come in a form that survives JSON: extended JSON on MongoDB.
    const ids = poisoned.map(({ key }) => Number(/\d+/.exec(JSON.stringify(key))?.[0]));
    expect(ids.sort((a, b) => a - b)).toEqual([77, 303]);
    for (const one of open.splice(0)) await one.close();
    await database.setPhone(url, 77, '0000077');
    const again = use(url, [spec]);
    expect((await again.backfill.retry('plus')).summary).toMatchObject({ poisoned: 1 });
    const rows = await database.rows(url);
    expect(rows.filter(({ n }) => n === 1)).toHaveLength(499);
    expect(rows.filter(({ n }) => n > 1)).toEqual([]);
  });

  it('stops at a row that fails, and goes on with a definition that was mended', async () => {
    const url = await database.create(300);
    const failing = {
      ...inJavaScript(),
      chunk: 50,
      transform: ({ n, phone }: { n: number; phone: string }) => {
        if (phone === '0000123') throw new Error('no such number');
        return { n: n + 1 };
      },
    };
    const first = use(url, [failing]);
    const { summary, error } = await first.backfill.run('add');
    expect(summary.state).toBe('failed');
    expect(error?.message).toContain('no such number');
    await first.close();
    const mended = use(url, [{ ...failing, transform: inJavaScript().transform }]);
    await expect(mended.backfill.run('add')).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_CHANGED',
    });
    const { summary: done } = await mended.backfill.run('add', { acceptDefinition: true });
    expect(done.state).toBe('complete');
    once(await database.rows(url));
  });

  it('rehearses without writing', async () => {
    const url = await database.create(250);
    const before = await database.objects(url);
    const first = use(url, [inJavaScript()]);
    const rehearsal = await first.backfill.dryRun('add');
    await first.close();
    expect(rehearsal).toMatchObject({ name: 'add', total: 250, wouldChange: 250 });
    expect(rehearsal.sample[0]).toMatchObject({ change: 'set', before: { n: 0 }, after: { n: 1 } });
    const computed = { ...database.target, ...database.increment, name: 'add' };
    const inDatabase = await use(url, [computed]).backfill.dryRun('add');
    expect(inDatabase.sample[0]).toMatchObject({ before: { n: 0 }, after: { n: 1 } });
    expect((await database.rows(url)).every(({ n }) => n === 0)).toBe(true);
    expect(await database.objects(url)).toEqual(before);
  });

  it('undoes what is still as it left it', async () => {
    const url = await database.create(200);
    const spec = { ...inJavaScript(), backup: 'touched' } as const;
    const first = use(url, [spec]);
    expect((await first.backfill.run('add')).summary.state).toBe('complete');
    await first.close();
    await database.setPhone(url, 5, 'changed since');
    const second = use(url, [spec]);
    const undone = await second.backfill.undo('add');
    expect(undone).toMatchObject({ restored: 199, skipped: 1 });
    expect((await second.backfill.status('add')).backfill.state).toBe('undone');
    await expect(second.backfill.run('add')).rejects.toMatchObject({
      code: 'GODWIT_CONFIRMATION_NEEDED',
    });
    const rows = await database.rows(url);
    expect(rows.filter(({ n }) => n === 0)).toHaveLength(199);
    expect(rows[4]).toMatchObject({ n: 1, phone: 'changed since' });
  });

  it('is stopped cleanly, and goes on where it was', async () => {
    const url = await database.create(COUNT);
    const spec = { ...inJavaScript(), chunk: 50, throttle: { maxRate: COUNT } };
    const first = use(url, [spec]);
    const stop = new AbortController();
    first.on((event) => {
      if (event.type === 'backfill.progress' && event.progress.rows > 200) stop.abort();
    });
    const { summary, error } = await first.backfill.run('add', { signal: stop.signal });
    expect(summary.state).toBe('stopped');
    expect(error?.code).toBe('GODWIT_STOPPED');
    expect((await first.backfill.status('add')).backfill.state).toBe('interrupted');
    await first.close();
    expect((await use(url, [spec]).backfill.run('add')).summary).toMatchObject({
      state: 'complete',
      rows: COUNT,
    });
    once(await database.rows(url));
  });

  it('stops at once when it is aborted, and loses nothing', async () => {
    const url = await database.create(500);
    const slow = async ({ n }: { n: number }) => {
      await sleep(100);
      return { n: n + 1 };
    };
    const first = use(url, [{ ...inJavaScript(), chunk: 50, transform: slow }]);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 1_500);
    const { summary } = await first.backfill.run('add', { abort: abort.signal });
    expect(summary.state).toBe('stopped');
    expect(summary.durationMs).toBeLessThan(20_000);
    await first.close();
    const { summary: done } = await use(url, [{ ...inJavaScript(), chunk: 50 }]).backfill.run(
      'add',
      { acceptDefinition: true },
    );
    expect(done).toMatchObject({ state: 'complete', rows: 500 });
    once(await database.rows(url));
  });

  it('is paused, throttled, resumed and cancelled meanwhile', async () => {
    const url = await database.create(20_000);
    const spec = { ...inJavaScript(), chunk: 100, throttle: { maxRate: 1_000 } };
    const migrator = use(url, [spec]);
    const running = migrator.backfill.run('add');
    await sleep(1_500);
    expect(await migrator.backfill.pause('add')).toMatchObject({ control: { paused: true } });
    await sleep(2_300);
    const { backfill: paused } = await migrator.backfill.status('add');
    expect(paused.state).toBe('paused');
    await sleep(1_000);
    const { backfill: still } = await migrator.backfill.status('add');
    expect(still.progress?.rows).toBe(paused.progress?.rows);
    await migrator.backfill.resume('add');
    await migrator.backfill.throttle('add', { maxRate: 0 });
    const rows = async () => (await migrator.backfill.status('add')).backfill.progress?.rows ?? 0;
    while ((await rows()) <= (paused.progress?.rows ?? 0)) await sleep(50);
    await migrator.backfill.cancel('add');
    const { summary } = await running;
    expect(['cancelled', 'complete'], JSON.stringify(summary)).toContain(summary.state);
  });

  it('refuses an unknown name and a definition with mistakes', async () => {
    const url = await database.create(1);
    const migrator = use(url);
    await expect(migrator.backfill.run('nothing')).rejects.toMatchObject({
      code: 'GODWIT_BACKFILL_UNKNOWN',
    });
    await expect(
      migrator.backfill.run({ ...database.target, name: 'x', concurrency: 0 }),
    ).rejects.toMatchObject({ code: 'GODWIT_BACKFILL_INVALID' });
    const missing = database.target.table ? { table: 'nobody' } : { collection: 'nobody' };
    await expect(
      migrator.backfill.run({ ...missing, ...database.increment, name: 'y' }),
    ).rejects.toMatchObject({ code: 'GODWIT_BACKFILL_INVALID' });
  });

  it('reads the folder backfills/', async () => {
    const url = await database.create(30);
    const dir = join(root, `folder-${database.name}`);
    const target = JSON.stringify(database.target).slice(1, -1);
    await mkdir(dir, { recursive: true });
    await writeFile(
      join(dir, 'phones.ts'),
      `export default { ${target}, transform: './phones.transform.ts' };\n`,
    );
    await writeFile(
      join(dir, 'phones.transform.ts'),
      `export default (row: { n: number }) => ({ n: row.n + 1 });\n`,
    );
    const migrator = createMigrator({
      ...database.connect(url),
      root,
      config: false,
      backfillDir: dir,
    });
    open.push(migrator);
    const { backfills } = await migrator.backfill.list();
    expect(backfills).toMatchObject([{ name: 'phones', state: 'new' }]);
    expect((await migrator.backfill.run('phones')).summary.rows).toBe(30);
    once(await database.rows(url));
  });

  describe('inside a migration', () => {
    const folder = async (file: [string, string]): Promise<string> => {
      const dir = await mkdtemp(join(root, 'migrations-'));
      await mkdir(dirname(join(dir, file[0])), { recursive: true });
      await writeFile(join(dir, file[0]), file[1]);
      return dir;
    };
    const text = (more = '') =>
      `{ ...${JSON.stringify(database.target)}, name: 'add', chunk: 50, transform: ({ n }) => ({ n: n + 1 })${more} }`;

    it('is done before the migration is applied, and again after it was reverted', async () => {
      const url = await database.create(500);
      const migrator = use(url, [], await folder(database.migration(text())));
      expect((await migrator.up()).summary).toMatchObject({ applied: 1, failed: 0 });
      const { backfills } = await migrator.backfill.list();
      expect(backfills).toMatchObject([{ ledger: 'migration:1:add', state: 'complete' }]);
      await migrator.down();
      expect((await migrator.up()).summary.applied).toBe(1);
      expect(new Set((await database.rows(url)).map(({ n }) => n))).toEqual(new Set([2]));
    });

    it('resumes by itself after an interruption', async () => {
      const url = await database.create(COUNT);
      const dir = await folder(database.migration(text(`, throttle: { maxRate: ${COUNT} }`)));
      const first = use(url, [], dir);
      const stop = new AbortController();
      first.on((event) => {
        if (event.type === 'backfill.progress' && event.progress.rows > 200) stop.abort();
      });
      const report = await first.up({ signal: stop.signal });
      expect(report.summary.applied).toBe(0);
      expect(report.error?.code).toBe('GODWIT_STOPPED');
      await first.close();
      expect((await use(url, [], dir).up()).summary.applied).toBe(1);
      once(await database.rows(url));
    });

    it('goes on after the migration failed for another reason', async () => {
      const url = await database.create(200);
      const dir = await folder(database.migration(text(), `throw new Error('afterwards');`));
      const migrator = use(url, [], dir);
      expect((await migrator.up()).summary.failed).toBe(1);
      await migrator.close();
      const [name, good] = database.migration(text());
      await writeFile(join(dir, name), good);
      expect((await use(url, [], dir).up()).summary.applied).toBe(1);
      once(await database.rows(url));
    });

    it.runIf(_ !== 'mongodb')('comes before the first statement', async () => {
      const url = await database.create(10);
      const [name, good] = database.migration(text());
      const late = good.replace('const s =', `await client.query('select 1'); const s =`);
      const report = await use(url, [], await folder([name, late])).up();
      expect(report.runs[0]?.error?.code).toBe('GODWIT_BACKFILL_LATE');
      expect((await database.rows(url)).every(({ n }) => n === 0)).toBe(true);
    });
  });

  describe('beside others', () => {
    it.runIf(_ !== 'pglite')('shares the work between processes', async () => {
      const url = await database.create(COUNT);
      const spec = { ...inJavaScript(), chunk: 50, concurrency: 2 };
      const reports = await Promise.all([1, 2, 3].map(() => use(url, [spec]).backfill.run('add')));
      expect(reports.map(({ summary }) => summary.state)).toEqual(Array(3).fill('complete'));
      once(await database.rows(url));
    });

    it.runIf(_ !== 'pglite')(
      'loses no update of the application, and counts new rows',
      async () => {
        const url = await database.create(COUNT);
        const spec = { ...inJavaScript(), chunk: 100 };
        let over = false;
        const writing = database.writeUntil(url, () => over, COUNT);
        const migrator = use(url, [spec]);
        const { summary } = await migrator.backfill.run('add');
        over = true;
        const written = await writing;
        expect(summary).toMatchObject({ state: 'complete', rows: COUNT });
        const rows = await database.rows(url);
        once(rows);
        expect(rows.reduce((sum, { app }) => sum + app, 0)).toBe(written);
      },
    );
  });
});
