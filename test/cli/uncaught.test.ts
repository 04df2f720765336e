import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryReport, RunReport } from '../../src/app/reports.ts';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { runJson } from '../e2e/support/cli.ts';
import { createFolder, type TestFolder } from '../e2e/support/folder.ts';

const WAIT = 'await new Promise((done) => setTimeout(done, 60_000));';
/** What is left behind fails a second time, while the first failure is recorded. */
const LOST = {
  rejection: `Promise.reject(new Error('lost')); Promise.resolve().then(() => { throw 'again'; }); ${WAIT}`,
  exception: `setTimeout(() => { throw new Error('lost'); }); ${WAIT}`,
};

describe.each([
  ['MongoDB', () => startMongod({ replicaSet: false }), 'databaseUrl'],
  ['PostgreSQL', startPostgres, 'createDatabase'],
] as const)('an error that nothing waits for, on %s', (_name, start, make) => {
  let server: { stop(): Promise<void> };
  let folder: TestFolder;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  it.each(Object.entries(LOST))('%s fails the run, which is recorded', async (_what, code) => {
    folder = await createFolder({
      'migrations/001_a.mjs': `export const up = async () => { ${code} };\n`,
    });
    const making = server as unknown as Record<string, () => string | Promise<string>>;
    const url = (await making[make]?.()) as string;
    const cwd = { cwd: folder.path };
    const up = await runJson<RunReport>(['up', '--url', url], cwd);
    const message = 'nothing was waiting for this error: lost';
    expect([up.code, up.json.runs]).toMatchObject([1, [{ status: 'failed', error: { message } }]]);
    const history = await runJson<HistoryReport>(['history', '--url', url], cwd);
    expect(history.json.runs).toMatchObject([{ status: 'failed', error: { message } }]);
    await folder.remove();
  });
});
