import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbedded } from '../../src/config/embedded.ts';
import { findMongod } from '../../src/testing/mongod-binary.ts';
import { createPglite } from '../../src/testing/pglite.ts';
import { startCli } from '../e2e/support/cli.ts';
import { project } from '../unit/config/project.ts';
import { startBinary } from './binary.ts';
import { godwit } from './terminal.ts';

describe('the embedded MongoDB', () => {
  let root: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'godwit-embedded-'));
    env = { MONGOMS_SYSTEM_BINARY: await findMongod() };
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('keeps its data, takes transactions, and is ignored by git', async () => {
    for (const round of [1, 2]) {
      const embedded = await startEmbedded({ root, url: 'embedded:mongodb' }, env);
      expect(embedded?.url).toMatch(/^mongodb:\/\/127\.0\.0\.1:/);
      const client = new MongoClient(embedded?.url ?? '');
      const visits = client.db().collection('visits');
      await client.withSession((session) =>
        session.withTransaction(() => visits.insertOne({ round }, { session })),
      );
      expect(await visits.countDocuments()).toBe(round);
      await client.close();
      await embedded?.close();
      await embedded?.close();
    }
    expect(await readFile(join(root, '.godwit/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('says so when another process has it', async () => {
    const first = await startEmbedded({ root, url: 'embedded:mongodb' }, env);
    await expect(startEmbedded({ root, url: 'embedded:mongodb' }, env)).rejects.toMatchObject({
      code: 'GODWIT_CONNECT_FAILED',
      message: expect.stringMatching(/in use/),
    });
    await first?.close();
  });

  it.skipIf(process.platform === 'win32')('ends with a godwit that was killed', async () => {
    const wait = 'await new Promise((done) => setTimeout(done, 60_000))';
    const cwd = await project({
      'migrations/001_a.mjs': `export const up = async (db) => { await db.collection('a').insertOne({}); ${wait}; };`,
    });
    const running = startCli(['up', '--url', 'embedded:mongodb'], { cwd, env });
    const pidOf = async (): Promise<number> => {
      const names = await readdir(join(cwd, '.godwit'), { recursive: true }).catch(() => []);
      const lock = names.find((name) => name.endsWith('mongod.lock'));
      return lock ? Number(await readFile(join(cwd, '.godwit', lock), 'utf8')) : 0;
    };
    let pid = 0;
    while (pid === 0) {
      await sleep(50);
      pid = await pidOf();
    }
    running.kill('SIGKILL');
    await running.done;
    const isThere = (): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    while (isThere()) await sleep(50);
    await rm(cwd, { recursive: true, force: true });
  });

  it('is for its own URL only', async () => {
    expect(await startEmbedded({ root, url: 'mongodb://h/d' }, env)).toBeUndefined();
  });
});

describe('PGlite', () => {
  it('needs no server and no config', async () => {
    const cwd = await project({
      'migrations/001_a.sql': 'CREATE TABLE a (id int);',
      'migrations/001_a.down.sql': 'DROP TABLE a;',
    });
    const { folder } = await createPglite(cwd);
    const url = `pglite:${folder}`;
    const up = await godwit(['up', '--url', url, '--json'], { cwd });
    expect(up.json()).toMatchObject({ summary: { applied: 1 } });
    const status = await godwit(['status', '--url', url], { cwd });
    expect(status.out).toMatch(/^pglite /);
    expect(status.out).toMatch(/001_a {2}applied/);
    expect((await godwit(['down', '--url', url], { cwd })).out).toMatch(/1 reverted/);
    // As a process: V8 would complain there of a setting that it does not know.
    const process = await startBinary(['status', '--url', url, '--json'], { cwd }).ended;
    expect(process).toMatchObject({ code: 0, err: '' });
  });

  it('is what SQL files run on when nothing names a database', async () => {
    const cwd = await project({ 'migrations/001_a.sql': 'CREATE TABLE a (id int);' });
    const up = await godwit(['up'], { cwd });
    expect(up.err).toBe('');
    expect(up.out).toMatch(/^up → pglite .*\n\n {2}✓ 001_a/);
    expect((await godwit(['status', '--check'], { cwd })).code).toBe(0);
  });
});
