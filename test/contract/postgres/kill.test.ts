import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { startBinary } from '../../cli/binary.ts';
import { rounds } from '../../support/rounds.ts';

const ROUNDS = rounds(3, 100);

describe('kill -9 of a process at work on PostgreSQL', () => {
  let server: TestPostgres;
  let cwd: string;
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded' });
    cwd = await mkdtemp(join(tmpdir(), 'godwit kill é '));
    await mkdir(join(cwd, 'migrations'));
  });
  afterAll(async () => {
    await server.stop();
    await rm(cwd, { recursive: true, force: true });
  });

  const write = (text: string) => writeFile(join(cwd, 'migrations', '001_a.sql'), text);
  const add = (name: string, text: string) => writeFile(join(cwd, 'migrations', name), text);
  const up = (url: string) => startBinary(['up', '--url', url, '--lock-timeout', '30s'], { cwd });
  const connect = async (url: string): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    return client;
  };

  /** Waits until the server has noticed that nobody is there. */
  async function quiet(client: pg.Client): Promise<void> {
    for (;;) {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where datname = current_database()
          and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      if (rowCount === 0) return;
      await sleep(10);
    }
  }

  async function tables(client: pg.Client): Promise<{ made: boolean; rows: number[] }> {
    const { rows } = await client.query(`select to_regclass('marks') is not null as made`);
    if (rows[0]?.made !== true) return { made: false, rows: [] };
    const found = await client.query('select n from marks order by n');
    return { made: true, rows: found.rows.map(({ n }) => n) };
  }

  async function appliedFiles(client: pg.Client): Promise<number> {
    const { rows } = await client.query(`select to_regclass('godwit.history') is not null as made`);
    if (rows[0]?.made !== true) return 0;
    const found = await client.query(
      `select count(*)::int n from godwit.history where event = 'ended' and status = 'applied'`,
    );
    return found.rows[0]?.n;
  }

  /** Kills at the given moment, and lets the next `up` reach the end without any flag. */
  async function killAndGoOn(url: string, moment: (client: pg.Client) => Promise<unknown>) {
    const client = await connect(url);
    const running = up(url);
    await Promise.race([moment(client), running.ended]);
    running.process.kill('SIGKILL');
    await running.ended;
    const again = await up(url).ended;
    expect(again.code, again.err).toBe(0);
    const { rows } = await client.query(
      `select status from godwit.history where event = 'ended' order by seq`,
    );
    expect(rows).toEqual([{ status: 'applied' }]);
    return client;
  }

  const query = (like: string) => async (client: pg.Client) => {
    for (;;) {
      const { rowCount } = await client.query(
        `select from pg_stat_activity where query like $1 and state = 'active' and pid <> pg_backend_pid()`,
        [like],
      );
      if (rowCount) return;
      await sleep(10);
    }
  };

  it('in the middle of a message that the server goes on with', async () => {
    await write('create table a (n int); insert into a values (1); select pg_sleep(1.5);');
    const url = await server.createDatabase();
    const client = await killAndGoOn(url, query('%pg_sleep(1.5)%'));
    expect((await client.query('select count(*)::int n from a')).rows).toEqual([{ n: 1 }]);
    await client.end();
  });

  it('at random moments of files that run statement by statement', async () => {
    const counting = Array.from(
      { length: 12 },
      (_, i) => `insert into marks values (${i}); select pg_sleep(0.02);`,
    );
    await write(
      `-- godwit: no-transaction\ncreate table marks (n int); ${counting.join('\n')}
create index concurrently one on marks (n); insert into marks values (12);
vacuum marks; create unique index concurrently two on marks (n); insert into marks values (13);`,
    );
    for (let round = 0; round < ROUNDS; round++) {
      const url = await server.createDatabase();
      const client = await killAndGoOn(url, () => sleep(250 + Math.random() * 900));
      const { rows } = await client.query('select n from marks order by n');
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 14 }, (_, i) => i));
      const valid = await client.query(
        `select count(*)::int n from pg_index where indrelid = 'marks'::regclass and indisvalid`,
      );
      expect(valid.rows).toEqual([{ n: 2 }]);
      await client.end();
    }
  });

  it('at random moments of files that are transactions of their own', async () => {
    const files = ['002_b', '003_c', '004_d'];
    await write('create table marks (n int);');
    for (const [at, name] of files.entries()) {
      const lines = Array.from(
        { length: 40 },
        (_, i) => `insert into marks values (${at * 40 + i});`,
      );
      await add(`${name}.sql`, `${lines.join('\n')}\nselect pg_sleep(0.15);\n`);
    }
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const url = await server.createDatabase();
        const client = await connect(url);
        const running = up(url);
        await Promise.race([sleep(150 + Math.random() * 900), running.ended]);
        running.process.kill('SIGKILL');
        await running.ended;
        await quiet(client);
        // What the history says is what is there, file by file.
        const there = await tables(client);
        expect(there.rows.length % 40).toBe(0);
        expect(await appliedFiles(client)).toBe(there.made ? 1 + there.rows.length / 40 : 0);
        const again = await up(url).ended;
        expect(again.code, again.err).toBe(0);
        const { rows } = await tables(client);
        expect(rows).toEqual(Array.from({ length: 120 }, (_, i) => i));
        await client.end();
      }
    } finally {
      for (const name of files) await rm(join(cwd, 'migrations', `${name}.sql`));
    }
  });

  it('at random moments of the build of an index', async () => {
    await write('create index concurrently one on t (n);');
    for (let round = 0; round < rounds(2, 100); round++) {
      const url = await server.createDatabase();
      const client = await connect(url);
      await client.query('create table t as select generate_series(1, 100000) as n');
      const building = query('create index concurrently one%');
      const looking = await killAndGoOn(url, async (other) => {
        await building(other);
        await sleep(Math.random() * 120);
      });
      const { rows } = await client.query(
        `select c.relname, i.indisvalid v from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid = 't'::regclass`,
      );
      expect(rows).toEqual([{ relname: 'one', v: true }]);
      await looking.end();
      await client.end();
    }
  });

  it('while an index is built, between two of them, with rows that the index waits for', async () => {
    await write(
      'create index concurrently one on t (n);\ncreate index concurrently two on t (n);\n',
    );
    for (const name of ['one', 'two']) {
      const url = await server.createDatabase();
      const [setup, blocker] = [await connect(url), await connect(url)];
      await setup.query('create table t (n int); insert into t select generate_series(1, 100)');
      if (name === 'one') await blocker.query('begin; insert into t values (1)');
      const client = await killAndGoOn(url, async (looking) => {
        if (name === 'two') {
          // The first is there and the second not yet.
          for (;;) {
            const { rows } = await looking.query(`select to_regclass('one') is not null r`);
            if (rows[0]?.r === true) return;
            await sleep(2);
          }
        }
        await query('%concurrently one%')(looking);
        // The server ends the build when it finds nobody to answer to.
        setTimeout(() => void blocker.query('commit'), 1_000);
      });
      const { rows } = await client.query(
        `select c.relname, i.indisvalid v from pg_index i join pg_class c on c.oid = i.indexrelid
          where i.indrelid = 't'::regclass order by 1`,
      );
      expect(rows).toEqual([
        { relname: 'one', v: true },
        { relname: 'two', v: true },
      ]);
      for (const each of [client, setup, blocker]) await each.end();
    }
  });

  it('16 at once run each file once, and all end well', async () => {
    await write('create table a (n int); insert into a values (1); select pg_sleep(0.1);');
    const url = await server.createDatabase();
    const all = await Promise.all(Array.from({ length: rounds(6, 16) }, () => up(url).ended));
    expect(all.map(({ code, err }) => (code === 0 ? 0 : err))).toEqual(all.map(() => 0));
    const client = await connect(url);
    expect((await client.query('select count(*)::int n from a')).rows).toEqual([{ n: 1 }]);
    await client.end();
  });

  it('one that is paused past its lease writes nothing more', async () => {
    const config = `export default { url: process.env.URL, lock: 'lease' };`;
    await writeFile(join(cwd, 'godwit.config.mjs'), config);
    await writeFile(
      join(cwd, 'migrations', '001_a.mjs'),
      `export default { transaction: false, idempotent: true, async up(ctx) {
        await ctx.query('create table if not exists w (n serial, pid int)');
        for (let i = 0; i < 40; i++) {
          await ctx.query('insert into w (pid) values (${'$'}1)', [process.pid]);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      } };`,
    );
    await rm(join(cwd, 'migrations', '001_a.sql'), { force: true });
    const url = await server.createDatabase();
    const start = () =>
      startBinary(['up', '--lock-lease', '1s', '--retry'], { cwd, env: { URL: url } });
    const client = await connect(url);
    const first = start();
    const ended = first.ended.then(({ err }) => {
      throw new Error(`it ended early: ${err}`);
    });
    const begun = async (): Promise<void> => {
      for (let i = 0; i < 500; i++) {
        const { rows } = await client.query(`select to_regclass('w') is not null r`);
        if (rows[0]?.r === true) return;
        await sleep(20);
      }
    };
    await Promise.race([begun(), ended]);
    ended.catch(() => undefined);
    first.process.kill('SIGSTOP');
    await sleep(1_500);
    const second = await start().ended;
    expect(second.code, second.err).toBe(0);
    const before = (await client.query('select count(*)::int n from godwit.history')).rows;
    first.process.kill('SIGCONT');
    const paused = await first.ended;
    expect(paused.code).not.toBe(0);
    expect((await client.query('select count(*)::int n from godwit.history')).rows).toEqual(before);
    await client.end();
  });
});
