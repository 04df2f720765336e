import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackfillControlReport,
  type BackfillListing,
  type BackfillReport,
  type BackfillStatus,
  type BackfillUndoReport,
  createMigrator,
  type DryRun,
  type Migrator,
} from '../../../src/index.ts';
import { type BackfillDatabase, mongodb, postgres } from '../../contract/backfill-databases.ts';
import { rounds, SOAK } from '../../support/rounds.ts';
import { type RunningCli, runCli, runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const COUNT = rounds(8_000, 20_000);
/** So many that four processes are not through before two of them are killed. */
const MANY = 20_000;
/** In the middle for seconds, whatever the count. */
const pace = (seconds: number): string[] => ['--max-rate', String(Math.round(COUNT / seconds))];

describe.each([
  ['mongodb', mongodb],
  ['postgres', postgres],
] as const)('godwit backfill on %s', (name, start) => {
  // Killed processes on MongoDB: contract/mongodb/backfill-kill.test.ts.
  const itHere = it.runIf(name !== 'mongodb' || SOAK);
  let database: BackfillDatabase;
  let folder: TestFolder;
  let url: string;
  /** Asks again and again from here: as a process each time it would cost more than the work. */
  let onlooker: Migrator | undefined;
  const running: RunningCli[] = [];

  beforeAll(async () => {
    database = await start();
    const target = JSON.stringify(database.target).slice(1, -1);
    folder = await createFolder({
      'backfills/add.mjs': `export default { ${target}, backup: 'touched', chunk: 200, transform: ({ n }) => ({ n: n + 1 }) };\n`,
      'backfills/wrong.mjs': `export default { ${target}, concurrency: 0, colour: 'red' };\n`,
    });
    await createDatabase();
  });

  const createDatabase = async (count = COUNT): Promise<void> => {
    url = await database.create(count);
    await folder.write({
      'godwit.config.json': JSON.stringify({ url, driver: database.name }),
    });
    await onlooker?.close();
    onlooker = createMigrator({ root: folder.path });
  };

  afterEach(() => {
    for (const cli of running.splice(0)) cli.kill('SIGKILL');
  });

  afterAll(async () => {
    await onlooker?.close();
    await database?.stop();
    await folder?.remove();
  });

  const here = () => ({ cwd: folder.path });
  const begin = (...args: string[]): RunningCli => {
    const cli = startCli(['backfill', 'run', 'add', ...args], here());
    running.push(cli);
    return cli;
  };
  const rowsDone = async (): Promise<number> => {
    const { json } = await runJson<BackfillStatus>(['backfill', 'status', 'add'], here());
    return json.backfill.progress?.rows ?? 0;
  };
  const untilRows = async (rows: number): Promise<void> => {
    const seen = async () => (await onlooker?.backfill.status('add'))?.backfill.progress?.rows ?? 0;
    while ((await seen()) < rows) await sleep(50);
  };
  const once = async (): Promise<void> => {
    const rows = await database.rows(url);
    expect(rows.filter(({ n }) => n !== 1)).toEqual([]);
  };

  it('lists, and rehearses with DRY_RUN=true', async () => {
    const { json } = await runJson<BackfillListing>(['backfill', 'list'], here());
    expect(json.backfills.map(({ name, state }) => [name, state])).toEqual([
      ['add', 'new'],
      ['wrong', 'new'],
    ]);
    const options = { ...here(), env: { DRY_RUN: 'true' } };
    const dry = await runJson<DryRun>(['backfill', 'run', 'add'], options);
    expect(dry.code).toBe(0);
    expect(dry.json).toMatchObject({ wouldChange: COUNT });
    const shown = await runCli(['backfill', 'run', 'add', '--dry-run'], here());
    expect(shown.stdout).toContain('- n: 0');
    expect(shown.stdout).toContain('+ n: 1');
    expect((await database.rows(url)).every(({ n }) => n === 0)).toBe(true);
  });

  it('says all that is wrong with a definition', async () => {
    const { code, stderr } = await runCli(['backfill', 'run', 'wrong'], here());
    expect(code).toBe(2);
    expect(stderr).toContain('colour is not a known key');
    expect(stderr).toContain('concurrency');
  });

  itHere('is killed, resumed, paused, stopped and finished: each row once', async () => {
    for (const rows of [COUNT / 40, COUNT / 8]) {
      const cli = begin(...pace(3));
      await untilRows(rows);
      cli.kill('SIGKILL');
      await cli.done;
    }
    const cli = begin(...pace(6));
    await sleep(1_500);
    const paused = await runJson<BackfillControlReport>(['backfill', 'pause', 'add'], here());
    expect(paused.json.control.paused).toBe(true);
    await sleep(2_500);
    const before = await rowsDone();
    await sleep(800);
    expect(await rowsDone()).toBe(before);
    await runCli(['backfill', 'resume', 'add'], here());
    await untilRows(before + 1);
    cli.kill('SIGINT');
    const { code } = await cli.done;
    expect(code).toBe(130);
    const { code: done, json } = await runJson<BackfillReport>(['backfill', 'run', 'add'], here());
    expect(done).toBe(0);
    expect(json.summary).toMatchObject({ state: 'complete', rows: COUNT });
    await once();
    const again = await runJson<BackfillReport>(['backfill', 'run', 'add'], here());
    expect(again).toMatchObject({ code: 0, json: { ran: false } });
  });

  it('is undone', async () => {
    const all = await runCli(['backfill', 'run', 'add', '--json'], here());
    const { summary } = JSON.parse(all.stdout) as BackfillReport;
    expect(summary).toMatchObject({ state: 'complete', rows: COUNT });
    // V8 complains of a setting that it does not know.
    expect(all.stderr).not.toContain('unrecognized');
    const { code, json } = await runJson<BackfillUndoReport>(['backfill', 'undo', 'add'], here());
    expect(code).toBe(0);
    expect(json).toMatchObject({ restored: COUNT, skipped: 0 });
    expect((await database.rows(url)).every(({ n }) => n === 0)).toBe(true);
  });

  itHere('is worked on by four processes, of which some are killed', async () => {
    await createDatabase(MANY);
    const all = [1, 2, 3, 4].map(() => begin());
    await sleep(1_200);
    all[0]?.kill('SIGKILL');
    await sleep(300);
    all[1]?.kill('SIGKILL');
    await Promise.all(all.map(({ done }) => done));
    const { code } = await runJson(['backfill', 'run', 'add'], here());
    expect(code).toBe(0);
    await once();
  });

  itHere('resumes inside a migration that was killed', async () => {
    await createDatabase();
    const spec = `{ ...${JSON.stringify(database.target)}, name: 'add', chunk: 200, throttle: { maxRate: ${COUNT / 3} }, transform: ({ n }) => ({ n: n + 1 }) }`;
    const [name, text] = database.migration(spec);
    await folder.write({ [`migrations/${name}`]: text });
    const cli = startCli(['up'], here());
    running.push(cli);
    const ledgers = async () => (await onlooker?.backfill.list())?.backfills ?? [];
    while (!(await ledgers()).some(({ progress }) => (progress?.rows ?? 0) > 500)) await sleep(50);
    cli.kill('SIGKILL');
    await cli.done;
    const { json } = await runJson<BackfillListing>(['backfill', 'list'], here());
    expect(json.backfills.map(({ ledger }) => ledger)).toContain('migration:1:add');
    const { code, stdout, stderr } = await runCli(['up'], here());
    expect(`${stdout}${stderr}`).toContain('goes on after');
    expect(code).toBe(0);
    await once();
  });
});
