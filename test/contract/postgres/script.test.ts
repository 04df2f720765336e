import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ScriptStep } from '../../../src/ports/driver.ts';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { acquire, openPostgres, sqlJob } from './kit.ts';

const PSQL = findPsql();

function findPsql(): string | undefined {
  const root = '/usr/lib/postgresql';
  const found = existsSync(root) ? readdirSync(root).map((v) => join(root, v, 'bin/psql')) : [];
  return found.find((path) => existsSync(path));
}

function psql(url: string, script: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(PSQL ?? '', ['-v', 'ON_ERROR_STOP=1', '-q', '-f', '-', url]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdout.resume();
  child.stdin.end(script);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

describe.skipIf(!PSQL)('a script for psql', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version: 'embedded' });
  });
  afterAll(() => server.stop());

  it('does what a run does, refuses to do it twice, and leaves checkpoints', async () => {
    const driver = await openPostgres(await server.createDatabase());
    const url = await server.createDatabase();
    const target = await openPostgres(url);
    const session = await acquire(driver);
    const step = (version: string, text: string): ScriptStep => {
      const { header, step: job } = sqlJob(session, text, { version });
      if (job.type !== 'sql') throw new Error('no SQL');
      return { header, sql: job.sql, transaction: 'auto', mirrors: [] };
    };
    const script = await driver.script([
      step(
        '1',
        "begin;\ncreate table a (n int, s text);\ninsert into a values (1, '100%');\ncommit;",
      ),
      step('2', 'copy a from stdin;\n2\tb\n\\.\n'),
      step(
        '3',
        'insert into a values (3); create index concurrently i on a (n); insert into a values (4)',
      ),
      step(
        '4',
        'begin; insert into a values (5); commit; begin; insert into a values (6); commit;',
      ),
    ]);
    expect(await psql(url, script)).toMatchObject({ code: 0, said: '' });
    const versions = await target.history.versions();
    expect(versions.map(({ state }) => state)).toEqual(Array(4).fill('applied'));
    const events = await target.history.events({ version: '3' });
    expect(events.map(({ event }) => event)).toEqual([
      'started',
      ...Array(4).fill('checkpoint'),
      'ended',
    ]);
    const again = await psql(url, script);
    expect(again.code).toBe(3);
    expect(again.said).toContain('1_a is applied already');
    expect(await target.history.events()).toHaveLength(2 + 6 + 4);

    // It stops in the middle, and a run goes on there.
    const half = step('5', 'insert into a values (7); vacuum; insert into later values (8)');
    const stopped = await psql(url, await driver.script([half]));
    expect(stopped.code).toBe(3);
    // The server gives up a session's lock a moment after its client has gone.
    await vi.waitFor(
      async () => {
        const { said } = await psql(url, await driver.script([half]));
        expect(said).toContain('was begun and not ended');
      },
      { timeout: 30_000, interval: 100 },
    );
    const record = (await target.history.versions()).find(({ version }) => version === '5');
    expect(record).toMatchObject({ state: 'open', checkpoint: { statements: 2 } });
    const own = await acquire(target, 30_000);
    await own.execute(sqlJob(own, 'create table later (n int)', { version: '6' }));
    const { sql } = half;
    const done = await own.execute(
      sqlJob(own, sql.text, { version: '5', checkpoint: record?.checkpoint }),
    );
    expect(done, JSON.stringify(done.error)).toMatchObject({ status: 'applied' });

    const held = await psql(url, await driver.script([step('7', 'select 1')]));
    expect(held.said).toContain('somebody else holds the lock of godwit');
    await target.close();
    await driver.close();
  });
});
