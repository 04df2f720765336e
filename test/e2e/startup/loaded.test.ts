import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../src/testing/postgres.ts';
import { startBinary } from '../../cli/binary.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const PRELOAD = pathToFileURL(resolve('test/e2e/startup/preload.mjs')).href;

/** What costs a start its time is loaded by those commands alone that need it. */
describe('what a command loads', () => {
  let server: TestPostgres;
  let folder: TestFolder;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
    folder = await createFolder({
      'migrations/001_a.sql': 'create table a (n int);\n',
      'migrations/002_b.sql': 'create index concurrently i on a (n);\n',
      'migrations/003_c.sql': 'begin;\ninsert into a values (1);\ncommit;\nvacuum a;\n',
    });
  });
  afterAll(async () => {
    await folder?.remove();
    await server?.stop();
  });

  async function loaded(argv: readonly string[]): Promise<string> {
    const list = join(folder.path, 'loaded.txt');
    await rm(list, { force: true });
    const env = {
      DATABASE_URL: url,
      GODWIT_TEST_LOADED: list,
      NODE_OPTIONS: `--import ${PRELOAD}`,
    };
    const { code, err } = await startBinary(argv, { cwd: folder.path, env }).ended;
    expect(code, err).toBe(0);
    return readFile(list, 'utf8');
  }

  it('status loads neither the parser nor the logger, pending or applied', async () => {
    for (const before of [[], ['up']]) {
      if (before.length > 0) expect(await loaded(before)).toContain('libpg-query');
      const modules = await loaded(['status']);
      expect(modules).toContain('/pg/');
      expect(modules).not.toMatch(/libpg-query|\/pino\/|logs-|open-logs/);
    }
    const listed = await loaded(['list']);
    expect(listed).not.toMatch(/libpg-query|\/pino\//);
  });

  it('up of ordinary files does not load the parser, and the logger only where it is on', async () => {
    await folder.write({ 'migrations/004_d.sql': 'alter table a add column m int;\n' });
    expect(await loaded(['up'])).not.toMatch(/libpg-query|\/pino\//);
    await folder.write({
      'migrations/005_e.sql': 'alter table a add column k int;\n',
      'godwit.config.json': '{ "logs": true }',
    });
    expect(await loaded(['status'])).not.toMatch(/libpg-query|\/pino\//);
    const modules = await loaded(['up']);
    expect(modules).toMatch(/\/pino\//);
    expect(modules).not.toContain('libpg-query');
  });
});
