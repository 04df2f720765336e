import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/app/reports.ts';
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts';
import { project } from '../unit/config/project.ts';
import { godwit } from './terminal.ts';

const FILES = {
  'migrations/001_a.sql': 'create table a (id int);\n',
  'migrations/R__v.sql': 'create or replace view v as select id from a;\n',
  'checks/v.sql': "select 'v is missing' as message where to_regclass('v') is null;\n",
};

describe('up, around what follows its migrations', () => {
  let server: TestPostgres;
  let url: string;
  let cwd: string;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const begin = async (config: string): Promise<void> => {
    url = await server.createDatabase();
    cwd = await project(FILES);
    await writeFile(join(cwd, 'godwit.config.mjs'), `export default { ${config} };\n`);
  };
  const up = async (onStart?: (send: (signal: 'SIGINT') => void) => void) => {
    const played = await godwit(['up', '--json', '--url', url], { cwd, onStart });
    return { ...played, report: played.json<RunReport>() };
  };
  const views = async (): Promise<number> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rowCount } = await client.query("select from pg_views where viewname = 'v'");
    await client.end();
    return rowCount ?? 0;
  };

  it('stopped after the last migration it says what was not done, and exits 130', async () => {
    await begin("validateAfter: 'plan', hooks: { afterAll: () => globalThis.godwitTestStop?.() }");
    const shared = globalThis as { godwitTestStop?: (() => void) | undefined };
    const stopped = await up((send) => {
      shared.godwitTestStop = () => send('SIGINT');
    });
    shared.godwitTestStop = undefined;
    expect([stopped.code, await views()]).toEqual([130, 0]);
    expect(stopped.report).toMatchObject({
      summary: { applied: 1 },
      error: {
        code: 'GODWIT_STOPPED',
        message: 'Stopped after 1 of 1; left to do: to bring definitions in line and to validate.',
        next: ['godwit up', 'godwit validate'],
      },
    });
    const again = await up();
    expect([again.code, await views()]).toEqual([0, 1]);
    expect(again.report.definitions).toMatchObject([{ status: 'done' }]);
  });

  it.each(['plan', 'each'])('validates (%s) what the definitions made', async (when) => {
    await begin(`validateAfter: '${when}'`);
    await writeFile(
      join(cwd, 'checks/none.sql'),
      "select 'v' from pg_views where viewname = 'v';\n",
    );
    await writeFile(join(cwd, 'checks/v.sql'), 'select 1 where false;\n');
    const { code, report } = await up();
    expect([code, report.error?.code]).toEqual([1, 'GODWIT_VALIDATION_FAILED']);
  });
});
