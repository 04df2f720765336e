import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../src/testing/mongod.ts';
import { project } from '../unit/config/project.ts';
import { type Running, startBinary } from './binary.ts';
import { godwit } from './terminal.ts';

const SLOW = `
exports.up = async (db) => {
  console.log('begun');
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await db.collection('a').insertOne({ i });
  }
};`;
const FILES = {
  '.env': 'FROM_DOTENV=yes',
  'migrations/001_a.js': `
exports.up = async (db) => {
  console.log('hello from the migration');
  await db.collection('a').insertOne({ a: 1 });
  setInterval(() => {}, 1000);
  return { fromDotenv: process.env.FROM_DOTENV };
};`,
  'migrations/002_slow.js': SLOW,
  'migrations/003_b.js': 'exports.up = (db) => db.collection("b").insertOne({});',
};

let server: TestMongod;
let cwd: string;
let env: Record<string, string>;

beforeAll(async () => {
  server = await startMongod();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  cwd = await project(FILES);
  env = { MONGODB_URI: server.databaseUrl() };
});

const start = (line: string): Running => startBinary(line.split(' '), { cwd, env });

describe('the program', () => {
  it('prints one JSON document, whatever migrations print, and ends although they left a timer', async () => {
    const { code, out, err } = await start('up 1 --json').ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      // A migration sees what `.env` says.
      runs: [{ id: '001_a', status: 'applied', result: { fromDotenv: 'yes' } }],
      summary: { applied: 1, remaining: 2 },
    });
    expect(err).toMatch(/^up → mongodb/);
    expect(err).toMatch(/hello from the migration/);
  });

  it('does not mind a reader that goes away', async () => {
    const running = start('list');
    running.process.stdout?.destroy();
    expect((await running.ended).err).toBe('');
  });
});

describe('a process that ends in the middle', () => {
  async function upWith(body: string, line = 'up --json') {
    await writeFile(
      join(cwd, 'migrations/001_a.js'),
      `exports.up = async (db) => {\n  await db.collection('a').insertOne({});\n  ${body}\n};`,
    );
    return start(line).ended;
  }

  it('never looks like success when a migration calls process.exit', async () => {
    const { code, out, err } = await upWith('process.exit(0);');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'GODWIT_MIGRATION_FAILED' } });
    expect(err).toMatch(/ended before its work was done/);
    const status = await godwit(['status', '--json'], { cwd, env });
    expect(status.json()).toMatchObject({ summary: { interrupted: 1 } });
  });

  it('says what it was when nothing waits for a promise', async () => {
    const wait = 'await new Promise((go) => setTimeout(go, 2000));';
    const { code, out, err } = await upWith(`Promise.reject('lost'); ${wait}`, 'up');
    expect(code).toBe(1);
    expect(`${out}${err}`).toMatch(/nothing was waiting for this error: lost\n/);
    expect(`${out}${err}`).not.toMatch(/node:internal/);
    const status = await godwit(['status', '--json'], { cwd, env });
    expect(status.json()).toMatchObject({ summary: { failed: 1 } });
  });

  it('has done its work although the reader went away', async () => {
    const running = start('up');
    await running.says('begun');
    running.process.stdout?.destroy();
    running.process.stderr?.destroy();
    expect((await running.ended).code).toBe(0);
    const status = await godwit(['status', '--json'], { cwd, env });
    expect(status.json()).toMatchObject({ summary: { applied: 3 }, lock: null });
  });
});

describe('Ctrl-C', () => {
  it('lets the current migration finish, and exits with 130 when work remains', async () => {
    const running = start('up');
    await running.says('begun');
    running.process.kill('SIGINT');
    const { code, out } = await running.ended;
    expect(code).toBe(130);
    expect(out).toMatch(/Stopping: what is under way/);
    expect(out).toMatch(/✓ 002_slow/);
    expect(out).not.toMatch(/003_b {2}/);
    const status = await godwit(['status', '--json'], { cwd, env });
    expect(status.json()).toMatchObject({ summary: { applied: 2, pending: 1 }, lock: null });
  });

  it('twice stops at once', async () => {
    const running = start('up');
    await running.says('begun');
    running.process.kill('SIGTERM');
    await running.says('Stopping:');
    running.process.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    const status = await godwit(['status', '--json'], { cwd, env });
    expect(status.json()).toMatchObject({ summary: { applied: 1, pending: 1 }, lock: null });
  });
});

describe('the lock', () => {
  it('is waited for, by name of the holder; or not', async () => {
    const first = start('up');
    await first.says('begun');
    const impatient = await godwit(['up', '--lock-timeout', '0'], { cwd, env });
    expect(impatient.code).toBe(4);
    expect(impatient.err).toMatch(/GODWIT_LOCK_HELD/);
    const status = await godwit(['status', '--json'], { cwd, env });
    expect(status.json()).toMatchObject({
      summary: { running: 1 },
      lock: { command: 'up', alive: true, by: { pid: first.process.pid } },
    });
    const patient = await godwit(['up'], { cwd, env });
    expect(patient.code).toBe(0);
    expect(patient.out).toMatch(
      new RegExp(`Waiting for the lock, up to .*pid ${first.process.pid}, up`),
    );
    expect(patient.out).toMatch(/Nothing to do/);
    expect((await first.ended).code).toBe(0);
  });

  it('is taken away only when somebody says so', async () => {
    const killed = start('up');
    await killed.says('begun');
    killed.process.kill('SIGKILL');
    await killed.ended;
    const unattended = await godwit(['unlock'], { cwd, env });
    expect(unattended.code).toBe(5);
    expect(unattended.out).toMatch(new RegExp(`held by .*pid ${killed.process.pid}, up`));
    expect((await godwit(['unlock'], { cwd, env, typed: ['n'] })).code).toBe(5);
    expect((await godwit(['unlock'], { cwd, env, typed: ['y'] })).out).toMatch(/The lock is free/);
    const next = await godwit(['up'], { cwd, env });
    expect(next.code).toBe(5);
    expect(next.err).toMatch(/GODWIT_INTERRUPTED/);
    expect((await godwit(['status', '--check'], { cwd, env })).code).toBe(1);
    expect((await godwit(['up', '--retry'], { cwd, env })).code).toBe(0);
  });
});
