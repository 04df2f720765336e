import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigrator } from '../../src/app/create-migrator.ts';
import type { MigratorOptions } from '../../src/app/options.ts';
import type { Migrator } from '../../src/app/types.ts';
import { GodwitError } from '../../src/errors.ts';
import type { GodwitEvent } from '../../src/events.ts';
import { createFolder, type TestFolder } from '../e2e/support/folder.ts';
import { type MigratorDatabase, mongodb, pglite, postgres } from './migrator-databases.ts';

/** The same promises of the public API, kept on every database. */
describe.each([
  ['mongodb', mongodb],
  ['postgres', postgres],
  ['pglite', pglite],
])('migrator on %s', (_name, open) => {
  let database: MigratorDatabase;
  let url: string;
  let folder: TestFolder;
  let opened: Migrator[];

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    opened = [];
    url = await database.create();
    folder = await createFolder();
  });
  afterEach(async () => {
    await Promise.all(opened.map((migrator) => migrator.close()));
    await folder.remove();
  });

  function migrator(options: MigratorOptions = {}): Migrator {
    const made = createMigrator({
      ...database.connect(url),
      root: folder.path,
      dir: 'migrations',
      ...options,
    });
    opened.push(made);
    return made;
  }

  async function files(...entries: [string, string][]): Promise<void> {
    await folder.write(
      Object.fromEntries(entries.map(([name, text]) => [`migrations/${name}`, text])),
    );
  }

  async function states(of: Migrator): Promise<string[]> {
    return (await of.status()).migrations.map((m) => `${m.version} ${m.state}`);
  }

  const marks = (): Promise<number[]> => database.marks(url);

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof GodwitError))
      throw new Error(`expected a GodwitError, got ${String(error)}`);
    return error.code;
  }

  it('reads an untouched database as empty, and leaves it untouched', async () => {
    await files(database.file(1));
    const one = migrator();
    expect(await states(one)).toEqual(['1 pending']);
    expect((await one.history()).runs).toEqual([]);
    expect((await one.plan()).steps.map((step) => step.id)).toEqual(['001_mark']);
    expect(await one.lockHolder()).toBeUndefined();
    expect(await marks()).toEqual([]);
  });

  it('goes up, then has nothing to do', async () => {
    await files(database.file(2), database.file(10), database.file(1));
    const one = migrator();
    const report = await one.up();
    expect(report.runs.map((run) => `${run.id} ${run.status}`)).toEqual([
      '001_mark applied',
      '002_mark applied',
      '010_mark applied',
    ]);
    expect(report.summary).toEqual({ applied: 3, reverted: 0, failed: 0, remaining: 0 });
    expect((await one.up()).summary).toEqual({ applied: 0, reverted: 0, failed: 0, remaining: 0 });
    expect(await marks()).toEqual([1, 2, 10]);
  });

  it('goes up in part: to a version, by steps, only one', async () => {
    await files(...[1, 2, 3, 4].map((n) => database.file(n)));
    const one = migrator();
    expect((await one.up({ to: '1' })).summary).toMatchObject({ applied: 1, remaining: 3 });
    expect((await one.up({ steps: 1 })).summary).toMatchObject({ applied: 1, remaining: 2 });
    const only = await one.up({ only: '004_mark' });
    expect(only.summary).toMatchObject({ applied: 1, remaining: 1 });
    const last = await one.up();
    expect(last.warnings.map((warning) => warning.code)).toEqual(['GODWIT_OUT_OF_ORDER']);
    expect(await marks()).toEqual([1, 2, 3, 4]);
  });

  it('reports a failure with state and next, keeps what came before, and goes on after the fix', async () => {
    await files(database.file(1), database.failing(2), database.file(3));
    const one = migrator();
    const report = await one.up();
    expect(report.summary).toEqual({ applied: 1, reverted: 0, failed: 1, remaining: 2 });
    const error = report.runs[1]?.error;
    expect(error).toMatchObject({ code: 'GODWIT_MIGRATION_FAILED' });
    expect(error?.where?.file).toContain('002_mark');
    expect(error?.where?.line).toBeGreaterThan(0);
    expect(error?.state).toContain('1 migration was applied');
    expect(error?.next?.[0]).toContain('godwit up');
    expect(await states(one)).toEqual(['1 applied', '2 failed', '3 pending']);
    const history = await one.history();
    expect(history.runs.map((run) => run.status)).toEqual(['applied', 'failed']);
    expect(history.runs[1]?.error?.message).toBeTruthy();
    await files(database.file(2));
    expect((await one.up()).summary).toMatchObject({ applied: 2, remaining: 0 });
    const left = await marks();
    // Without transactional DDL the failed half stays, and says so.
    expect(left).toEqual(database.name === 'mongodb' ? [1, 2, 2, 3] : [1, 2, 3]);
  });

  it('fails a run whose verify does not hold', async () => {
    await folder.write(
      Object.fromEntries(
        Object.entries(database.unverified(1)).map(([n, t]) => [`migrations/${n}`, t]),
      ),
    );
    const report = await migrator().up();
    expect(report.runs[0]).toMatchObject({
      status: 'failed',
      error: { code: 'GODWIT_VERIFY_FAILED' },
    });
    expect(await marks()).toEqual(database.name === 'mongodb' ? [1] : []);
  });

  it('takes a whole number of steps from 1', async () => {
    await files(...[1, 2, 3].map((n) => database.file(n)));
    const one = migrator();
    await one.up();
    for (const steps of [-1, 0, 1.5, Number.NaN]) {
      expect(await codeOf(one.down({ steps }))).toBe('GODWIT_USAGE');
    }
    expect(await marks()).toEqual([1, 2, 3]);
  });

  it('goes down one, several, to a version, all; and redoes', async () => {
    await files(...[1, 2, 3, 4, 5].map((n) => database.file(n)));
    const one = migrator();
    await one.up();
    expect((await one.down()).runs.map((run) => run.id)).toEqual(['005_mark']);
    expect((await one.down({ steps: 2 })).runs.map((run) => run.id)).toEqual([
      '004_mark',
      '003_mark',
    ]);
    const redone = await one.redo();
    expect(redone.runs.map((run) => `${run.id} ${run.direction}`)).toEqual([
      '002_mark down',
      '002_mark up',
    ]);
    expect((await one.down({ to: '1' })).runs.map((run) => run.id)).toEqual(['002_mark']);
    expect((await one.down({ all: true })).summary).toMatchObject({ reverted: 1 });
    expect(await states(one)).toEqual([
      '1 pending',
      '2 pending',
      '3 pending',
      '4 pending',
      '5 pending',
    ]);
    expect(await marks()).toEqual([]);
  });

  it('says before it starts that a way back is missing', async () => {
    await files(database.oneWay(1), database.file(2));
    const one = migrator();
    await one.up();
    expect(await codeOf(one.down({ all: true }))).toBe('GODWIT_IRREVERSIBLE');
    expect(await marks()).toEqual([1, 2]);
  });

  it('stops at an edited file until it is accepted, with who and why', async () => {
    await files(database.file(1));
    const one = migrator();
    await one.up();
    const [name, text] = database.file(1);
    await files([name, text.replace('1', '7')], database.file(2));
    expect(await states(one)).toEqual(['1 modified', '2 pending']);
    expect(await codeOf(one.up())).toBe('GODWIT_MODIFIED');
    const accepted = await one.accept(['001_mark'], { reason: 'typo in a comment' });
    expect(accepted.records).toEqual([{ id: '001_mark', version: '1', status: 'accepted' }]);
    expect((await one.up()).summary.applied).toBe(1);
    const [, record] = (await one.history()).runs;
    expect(record).toMatchObject({ status: 'accepted', reason: 'typo in a comment' });
    expect(record?.by.user).toBeTruthy();
  });

  it('does not mind line ends, indentation and comments', async () => {
    await files(database.file(1));
    const one = migrator();
    await one.up();
    const [name, text] = database.file(1);
    const comment = name.endsWith('.sql') ? '-- a note\r\n' : '// a note\r\n';
    await files([name, `${text.replaceAll('\n', '\r\n')}${comment}`]);
    expect(await states(one)).toEqual(['1 applied']);
  });

  it('marks and baselines by hand, and records why', async () => {
    await files(...[1, 2, 3].map((n) => database.file(n)));
    const one = migrator();
    await one.baseline('2', { reason: 'was there before godwit' });
    expect(await states(one)).toEqual(['1 applied', '2 applied', '3 pending']);
    await one.mark('003', 'applied', { reason: 'by hand' });
    await one.mark('1', 'pending');
    expect(await states(one)).toEqual(['1 pending', '2 applied', '3 applied']);
    const { runs } = await one.history();
    expect(runs.map((run) => `${run.version} ${run.status} ${run.via} ${run.reason}`)).toEqual([
      '1 applied baseline was there before godwit',
      '2 applied baseline was there before godwit',
      '3 applied mark by hand',
      '1 reverted mark null',
    ]);
    expect(await marks()).toEqual([]);
  });

  it('insists on the fingerprint it was given', async () => {
    await files(database.file(1));
    const one = migrator();
    const { fingerprint } = await one.plan();
    await files(database.file(2));
    expect(await codeOf(one.up({ plan: fingerprint }))).toBe('GODWIT_PLAN_CHANGED');
    const again = await one.plan();
    expect((await one.up({ plan: again.fingerprint })).summary.applied).toBe(2);
  });

  it('shows a missing one, and does not step over it on the way down', async () => {
    await files(database.file(1), database.file(2));
    const one = migrator();
    await one.up();
    await one.close();
    const elsewhere = migrator({ dir: 'other' });
    await folder.write({ [`other/${database.file(1)[0]}`]: database.file(1)[1] });
    expect(await states(elsewhere)).toEqual(['1 applied', '2 missing']);
    expect(await codeOf(elsewhere.down())).toBe('GODWIT_MISSING');
  });

  it('refuses two files of one version and names both, before anything', async () => {
    await files(database.file(1, 'a'), database.file(1, 'b'));
    const one = migrator();
    const error = await one.up().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'GODWIT_VERSION_DUPLICATE' });
    expect(String((error as Error).message)).toMatch(/001_a.*001_b|001_b.*001_a/s);
    expect(await marks()).toEqual([]);
  });

  it('leaves the database alone when the folder is not there', async () => {
    expect(await codeOf(migrator({ dir: 'migratoins' }).up())).toBe('GODWIT_FOLDER_MISSING');
    await files(database.file(1));
    const one = migrator();
    expect((await one.history()).runs).toEqual([]);
    expect(await one.lockHolder()).toBeUndefined();
  });

  it('stops before anything runs when a later file cannot be read', async () => {
    await files(database.file(1), ['002_broken.cjs', 'exports.up = async ( => {};']);
    const error = await migrator()
      .up()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'GODWIT_IMPORT_FAILED' });
    expect((error as GodwitError).where?.file).toContain('002_broken');
    expect(await marks()).toEqual([]);
  });

  it('refuses SQL where there is none, before anything runs', async () => {
    if (database.name !== 'mongodb') return expect((await migrator().plan()).steps).toEqual([]);
    await files(database.file(1), ['001_mark.verify.sql', 'select 1 where false;']);
    expect(await codeOf(migrator().up())).toBe('GODWIT_UNSUPPORTED');
    expect(await marks()).toEqual([]);
  });

  it('tells its story in events', async () => {
    await files(database.file(1));
    const one = migrator();
    const seen: GodwitEvent[] = [];
    const stop = one.on((event) => seen.push(event));
    await one.up();
    stop();
    await one.status();
    expect(seen.map((event) => event.type)).toEqual([
      'target',
      'lock.acquired',
      'plan.ready',
      'run.started',
      'run.ended',
      'lock.released',
    ]);
  });

  it('is not disturbed by a listener that throws', async () => {
    await files(database.file(1), database.file(2));
    const one = migrator();
    one.on(() => {
      throw new Error('a listener of the test fails');
    });
    expect((await one.up()).summary).toMatchObject({ applied: 2, failed: 0 });
  });

  it('calls hooks around the plan and around each migration, and fails with them', async () => {
    await files(database.file(1), database.file(2));
    const calls: string[] = [];
    const one = migrator({
      hooks: {
        beforeAll: () => calls.push('beforeAll'),
        beforeEach: ({ id }) => calls.push(`before ${id}`),
        afterEach: ({ id, status }) => calls.push(`after ${id} ${status}`),
        afterAll: ({ status }) => calls.push(`afterAll ${status}`),
      },
    });
    await one.up();
    expect(calls).toEqual([
      'beforeAll',
      'before 001_mark',
      'after 001_mark applied',
      'before 002_mark',
      'after 002_mark applied',
      'afterAll done',
    ]);
    await one.close();
    const refusing = migrator({
      hooks: { beforeEach: () => Promise.reject(new Error('not today')) },
    });
    const report = await refusing.down();
    expect(report.runs[0]).toMatchObject({
      status: 'failed',
      error: { code: 'GODWIT_HOOK_FAILED' },
    });
    expect(await states(refusing)).toEqual(['1 applied', '2 applied']);
  });

  it('does not tell afterAll that a plan is done which never began', async () => {
    await files(database.file(1));
    const told: unknown[] = [];
    const one = migrator({
      hooks: {
        beforeAll: () => Promise.reject(new Error('not today')),
        afterAll: ({ status }) => told.push(status),
      },
    });
    expect((await one.up()).error?.code).toBe('GODWIT_HOOK_FAILED');
    expect(told).toEqual(['failed']);
    expect(await states(one)).toEqual(['1 pending']);
  });

  it('stops between migrations when told to, with the lock released', async () => {
    await files(database.file(1), database.file(2));
    const stopper = new AbortController();
    const one = migrator({ hooks: { afterEach: () => stopper.abort() } });
    const report = await one.up({ signal: stopper.signal });
    expect(report.error?.code).toBe('GODWIT_STOPPED');
    expect(report.summary).toMatchObject({ applied: 1, remaining: 1 });
    expect(await one.lockHolder()).toBeUndefined();
    expect(await states(one)).toEqual(['1 applied', '2 pending']);
  });

  it('answers whether the database is at least at a version', async () => {
    await files(...[1, 2, 3].map((n) => database.file(n)));
    const one = migrator();
    expect(await one.isAtLeast(1)).toBe(false);
    await one.up({ to: '2' });
    expect([await one.isAtLeast(1), await one.isAtLeast('2'), await one.isAtLeast(3)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('validates: finds what cannot be imported and what has no way back', async () => {
    await files(database.oneWay(1), ['002_broken.cjs', 'exports.up = async ( => {};']);
    const { findings, summary } = await migrator().validate();
    expect(findings.map((finding) => `${finding.severity} ${finding.code}`)).toEqual([
      'info GODWIT_IRREVERSIBLE',
      'error GODWIT_IMPORT_FAILED',
    ]);
    expect(summary).toEqual({ error: 1, warning: 0, info: 1 });
  });

  it('shows one migration with its source and its runs', async () => {
    await files(database.file(1));
    const one = migrator();
    await one.up();
    const shown = await one.show('1');
    expect(shown.migration).toMatchObject({ id: '001_mark', state: 'applied' });
    expect(shown.files[0]?.text).toBe(database.file(1)[1]);
    expect(shown.runs).toHaveLength(1);
    expect(await codeOf(one.show('nothing'))).toBe('GODWIT_MIGRATION_UNKNOWN');
  });

  it('creates a new file in the style of the folder, and runs it', async () => {
    await files(database.file(1));
    const one = migrator();
    const { files: written } = await one.create('add things');
    expect(written[0]).toMatch(/^migrations\/002_add[_-]things\./);
    expect((await one.up()).summary).toMatchObject({ failed: 0, remaining: 0 });
  });

  it('finds nothing wrong in a healthy project', async () => {
    await files(database.file(1));
    const one = migrator();
    await one.up();
    const { diagnoses, summary } = await one.doctor();
    expect(diagnoses.filter((d) => d.severity === 'error')).toEqual([]);
    expect(summary.ok).toBeGreaterThan(3);
  });

  it('runs migrations that are registered in code', async () => {
    const one = migrator({
      migrations: [
        { id: '001_in_code', description: 'from code', up: () => 'done', down: () => undefined },
      ],
    });
    const report = await one.up();
    expect(report.runs).toMatchObject([{ id: '001_in_code', status: 'applied' }]);
    expect((await one.down()).summary.reverted).toBe(1);
  });

  it('keeps its promise about files with spaces and other letters', async () => {
    const strange = await createFolder();
    const dir = 'migrációk és más';
    const [, text] = database.file(1);
    await strange.write({
      [`${dir}/001_żółw 1.${database.name === 'mongodb' ? 'cjs' : 'sql'}`]: text,
    });
    await writeFile(join(strange.path, dir, 'README.md'), 'not a migration');
    const one = migrator({ root: strange.path, dir });
    expect((await one.up()).runs.map((run) => run.id)).toEqual(['001_żółw 1']);
    await strange.remove();
  });
});
