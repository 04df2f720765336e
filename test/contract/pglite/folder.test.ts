import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open } from '../../../src/drivers/pglite/driver.ts';
import { createMigrator } from '../../../src/index.ts';
import { createPglite } from '../../../src/testing/pglite.ts';
import { startBinary } from '../../cli/binary.ts';
import { rounds } from '../../support/rounds.ts';
import { acquire, optionsOf, sqlJob } from '../postgres/kit.ts';

describe('a PGlite folder', () => {
  let cwd: string;
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'godwit pglite ünï '));
    await mkdir(join(cwd, 'migrations'));
  });
  afterAll(async () => {
    await rm(cwd, { recursive: true, force: true });
  });

  it('is in memory for pglite:memory, and leaves nothing behind', async () => {
    const driver = await open(optionsOf('pglite:memory'));
    const session = await acquire(driver);
    expect(await session.execute(sqlJob(session, 'create table a ()'))).toMatchObject({
      status: 'applied',
    });
    expect(await driver.history.versions()).toMatchObject([{ state: 'applied' }]);
    await driver.close();
  });

  it('with a space and a ü in its path; its lock stands beside it and goes with it', async () => {
    const url = pathToFileURL(join(cwd, 'dätä base')).href.replace('file:', 'pglite:');
    const driver = await open(optionsOf(url));
    const session = await acquire(driver);
    await session.execute(sqlJob(session, 'create table a ()'));
    expect(await readdir(cwd)).toContain('dätä base.godwit-lock');
    const other = await open({ ...optionsOf(url), connectTimeoutMs: 300 });
    await expect(other.history.versions()).rejects.toMatchObject({ code: 'GODWIT_LOCK_HELD' });
    await driver.close();
    expect(await other.history.versions()).toMatchObject([{ state: 'applied' }]);
    await other.close();
    expect(await readdir(cwd)).not.toContain('dätä base.godwit-lock');
  });

  it('is opened by a migrator when it is needed, and the next one finds everything there', async () => {
    await mkdir(join(cwd, 'people'));
    const people = 'create table people (id int primary key, n int not null);';
    await writeFile(
      join(cwd, 'people', '001_people.sql'),
      `-- godwit:up\n${people} insert into people select i, 0 from generate_series(1, 300) i;
-- godwit:down\ndrop table people;\n`,
    );
    const { url, folder, remove } = await createPglite(join(cwd, 'by url'));
    const add = { table: 'people', name: 'add', chunk: 100 };
    const options = {
      ...{ url, root: cwd, dir: 'people', config: false as const },
      backfills: [{ ...add, transform: ({ n }: { n: number }) => ({ n: n + 1 }) }],
    };
    const first = createMigrator(options);
    expect((await first.status()).summary).toMatchObject({ applied: 0, pending: 1 });
    expect((await first.up()).summary.applied).toBe(1);
    expect((await first.backfill.run('add')).summary).toMatchObject({
      state: 'complete',
      rows: 300,
    });
    await first.close();
    const client = await PGlite.create(folder);
    expect((await client.query('select 1 from people where n <> 1')).rows).toEqual([]);
    await client.close();
    const second = createMigrator(options);
    expect((await second.status()).summary).toMatchObject({ applied: 1, pending: 0 });
    expect((await second.backfill.run('add')).ran).toBe(false);
    expect((await second.history()).runs.map(({ kind }) => kind)).toEqual([
      'migration',
      'backfill',
    ]);
    expect((await second.doctor()).summary.error).toBe(0);
    expect((await second.down()).summary.reverted).toBe(1);
    await second.close();
    await remove();
  });

  it('takes over from a process that was killed, in the middle of its work too', async () => {
    await writeFile(
      join(cwd, 'migrations', '001_a.sql'),
      `create table marks (n int); insert into marks values (1);`,
    );
    await writeFile(
      join(cwd, 'migrations', '002_b.sql'),
      `insert into marks values (2); select count(*) from generate_series(1, 5000000);`,
    );
    for (let round = 0; round < rounds(1, 20); round++) {
      const url = `pglite:./killed ${round}`;
      const running = startBinary(['up', '--url', url], { cwd });
      await Promise.race([sleep(2_000 + Math.random() * 2_500), running.ended]);
      running.process.kill('SIGKILL');
      await running.ended;
      const again = await startBinary(['up', '--url', url, '--json'], { cwd }).ended;
      expect(again.code, again.err + again.out).toBe(0);
      const driver = await open({ ...optionsOf(url), root: cwd });
      const versions = await driver.history.versions();
      expect(versions.map(({ state }) => state)).toEqual(['applied', 'applied']);
      await driver.close();
    }
  });
});
