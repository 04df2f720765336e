import assert from 'node:assert/strict';
import { succeeded } from './execute-tests.ts';
import type { ConformanceTest } from './harness.ts';
import { acquire, job, sql } from './samples.ts';

const TABLE = 'create table if not exists public.marks (n int not null);';
const mark = (n: number) => `insert into public.marks values (${n});`;

/** Run where `capabilities.sql`; elsewhere one test says that SQL is refused. */
export const SQL_TESTS: readonly ConformanceTest[] = [
  onlySql('runs a file of statements', async ({ open, database }) => {
    const driver = await open();
    const session = await acquire(driver);
    const text = `-- a comment; with a semicolon\n${TABLE}\n${mark(1)}\ninsert into marks select 2;\n`;
    const outcome = await session.execute(job(session, 1, sql(text)));
    succeeded(outcome, 'applied');
    assert.equal(outcome.transactional, driver.capabilities.transactionalDdl);
    assert.deepEqual(await database.marks(), [1, 2]);
  }),
  onlySql('points at the statement that failed', async ({ open, database }) => {
    const session = await acquire(await open());
    const text = `${TABLE}\n${mark(1)}\nselect missing_column;\n${mark(2)}\n`;
    const { status, effect, error } = await session.execute(job(session, 1, sql(text, 'auto', 11)));
    assert.equal(status, 'failed');
    assert.equal(effect, 'none');
    assert.equal(error?.where?.file, 'migrations/sample.sql');
    assert.equal(error.where.line, 13);
    assert.equal(error.where.column, 8);
    assert.match(error.where.statement ?? '', /^select missing_column/);
    assert.deepEqual(await database.marks(), []);
  }),
  onlySql('fails when verify finds a row', async ({ open, database }) => {
    const session = await acquire(await open());
    const good = sql('select n from public.marks where n > 1');
    const bad = sql('select n from public.marks where n = 1');
    const step = sql(`${TABLE}\n${mark(1)}`);
    const failed = await session.execute(job(session, 1, step, { verify: bad }));
    assert.equal(failed.error?.code, 'GODWIT_VERIFY_FAILED');
    assert.deepEqual(await database.marks(), []);
    succeeded(await session.execute(job(session, 1, step, { verify: good })), 'applied');
    assert.deepEqual(await database.marks(), [1]);
  }),
  onlySql('goes on after the last statement that was done', async ({ open, database }) => {
    const driver = await open();
    const session = await acquire(driver);
    const done = `${TABLE}\n${mark(1)}\n`;
    const broken = sql(`${done}select missing_column;\n${mark(3)}`, 'never');
    const failed = await session.execute(job(session, 1, broken));
    assert.equal(failed.status, 'failed');
    assert.equal(failed.effect, 'partial');
    assert.deepEqual(await database.marks(), [1]);
    const [record] = await driver.history.versions();
    assert.equal(record?.checkpoint?.statements, 2);
    const fixed = sql(`${done}${mark(2)}\n${mark(3)}`, 'never');
    succeeded(
      await session.execute(job(session, 1, fixed, { checkpoint: record.checkpoint })),
      'applied',
    );
    assert.deepEqual(await database.marks(), [1, 2, 3]);
  }),
  onlySql('does not go on in a file whose done part was edited', async ({ open, database }) => {
    const driver = await open();
    const session = await acquire(driver);
    const broken = sql(`${TABLE}\n${mark(1)}\nselect missing_column;`, 'never');
    await session.execute(job(session, 1, broken));
    const [record] = await driver.history.versions();
    const edited = sql(`${TABLE}\n${mark(9)}\n${mark(2)}`, 'never');
    const work = job(session, 1, edited, { checkpoint: record?.checkpoint });
    const outcome = await session.execute(work).catch(() => undefined);
    assert.notEqual(outcome?.status, 'applied');
    assert.deepEqual(await database.marks(), [1]);
  }),
  onlySql('leaves nothing of one file in the session of the next', async ({ open }) => {
    const session = await acquire(await open());
    const leaking = sql(
      "set search_path to pg_catalog; set role none; set timezone to 'Asia/Tokyo';",
    );
    succeeded(await session.execute(job(session, 1, leaking)), 'applied');
    const asks = sql(
      "select 1 where current_setting('TimeZone') = 'Asia/Tokyo' or current_schemas(false) <> '{public}'",
    );
    const verified = job(session, 2, sql('select 1'), { verify: asks });
    succeeded(await session.execute(verified), 'applied');
  }),
];

function onlySql(name: string, run: ConformanceTest['run']): ConformanceTest {
  return { name, sql: true, run };
}
