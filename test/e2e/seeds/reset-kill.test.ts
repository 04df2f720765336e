import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResetReport, StatusReport } from '../../../src/app/reports.ts';
import type { ErrorInfo } from '../../../src/errors.ts';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { among } from '../../support/rounds.ts';
import { runCli, runJson, startCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

/** Of three collections, the history and the lock; the drop that was under way still happens. */
const KILLED_DURING = [1, 2, 3, 4];

describe('reset on MongoDB that does not arrive', () => {
  let server: TestMongod;
  let client: MongoClient;
  let folder: TestFolder;
  beforeAll(async () => {
    server = await startMongod({ replicaSet: false, parameters: { enableTestCommands: '1' } });
    client = await new MongoClient(server.uri).connect();
    const make = (name: string) => `exports.up = (db) => db.collection('${name}').insertOne({});\n`;
    folder = await createFolder({
      'migrations/001_a.cjs': make('a'),
      'migrations/002_b.cjs': make('b'),
      'migrations/003_c.cjs': make('c'),
      'collections/a.cjs': "module.exports = { name: 'a', indexes: [] };\n",
      'seeds/001_s.json': '{"collection":"a","key":"k","records":[{"k":1}]}',
    });
  });
  afterAll(async () => {
    await client.close();
    await folder.remove();
    await server.stop();
  });

  const names = async (url: string): Promise<string[]> => {
    const db = client.db(new URL(url).pathname.slice(1));
    return (await db.listCollections().toArray()).map(({ name }) => name).sort();
  };
  const failpoint = (mode: unknown, data: object = {}) =>
    client.db('admin').command({
      configureFailPoint: 'failCommand',
      mode,
      data: { failCommands: ['drop'], ...data },
    });
  const filled = async (): Promise<string> => {
    const url = server.databaseUrl();
    expect((await runCli(['up', '--url', url], { cwd: folder.path })).code).toBe(0);
    return url;
  };
  const reset = (url: string) => [
    ...['reset', '--yes', '--url', url, '--database-name', new URL(url).pathname.slice(1)],
  ];

  it.each(among(KILLED_DURING, (all) => all.filter((drop) => drop % 3 === 1)))(
    'killed in drop %i it says the truth, and is finished by another',
    async (drop) => {
      const url = await filled();
      const all = await names(url);
      const skip = drop - 1;
      await failpoint({ skip }, { blockConnection: true, blockTimeMS: 3000 });
      const running = startCli(reset(url), { cwd: folder.path });
      while ((await names(url)).length > all.length - skip) await sleep(10);
      // The history has the record before the first drop is asked for.
      const db = client.db(new URL(url).pathname.slice(1));
      while (!(await db.collection('godwit_history').findOne({ id: 'reset' }))) await sleep(10);
      running.kill('SIGKILL');
      await running.done;
      await failpoint('off');
      const options = { cwd: folder.path };
      const status = await runJson<StatusReport>(['status', '--check', '--url', url], options);
      if (drop > 3) expect(status.json.summary).toMatchObject({ applied: 0, pending: 3 });
      else {
        expect([status.code, status.json.problems[0]?.code]).toEqual([
          1,
          'GODWIT_RESET_UNFINISHED',
        ]);
      }
      for (const command of drop > 3 ? [] : ['up', 'sync', 'mark']) {
        const refused = await runJson<{ error: ErrorInfo }>(
          [command, ...(command === 'mark' ? ['001_a', 'pending'] : []), '--url', url],
          options,
        );
        expect([command, refused.code, refused.json.error?.code]).toEqual([
          ...[command, 5, 'GODWIT_RESET_UNFINISHED'],
        ]);
        expect(refused.json.error.next?.join()).toContain('godwit reset --database-name');
      }
      const again = await runJson<ResetReport>(reset(url), options);
      expect([again.code, await names(url)]).toEqual([0, []]);
      expect((await runCli(['setup', '--url', url], options)).code).toBe(0);
    },
  );

  it('leaves the history as it was when nothing could be dropped', async () => {
    const url = await filled();
    const before = await names(url);
    await failpoint('alwaysOn', { errorCode: 13 });
    const failed = await runCli(reset(url), { cwd: folder.path });
    await failpoint('off');
    expect(failed.code).not.toBe(0);
    expect(await names(url)).toEqual(before);
    const status = await runJson<StatusReport>(['status', '--url', url], { cwd: folder.path });
    expect(status.json.problems).toEqual([]);
    expect((await runCli(['up', '--url', url], { cwd: folder.path })).code).toBe(0);
  });
});
