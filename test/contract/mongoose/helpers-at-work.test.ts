import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import mongoose, { type Connection } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { bundledChild } from '../../support/bundles.ts';
import { among, rounds, SOAK } from '../../support/rounds.ts';
import { CASES, type HelperCase, modelsOf } from './helper-cases.ts';

const CHILD = bundledChild(new URL('./helper-child.ts', import.meta.url));
const KILLS = rounds(1, 20);
const THINGS = rounds(3_000, 30_000);
const MANY = 1_000_000;

let server: TestMongod;
let client: MongoClient;
let connection: Connection;
let db: Db;
let url: string;

beforeAll(async () => {
  server = await startMongod();
  client = await new MongoClient(server.uri).connect();
});
afterAll(async () => {
  await client?.close();
  await server?.stop();
});
beforeEach(async () => {
  url = server.databaseUrl();
  connection = await mongoose.createConnection(url).asPromise();
  db = client.db(connection.name);
});
afterEach(async () => {
  await db.dropDatabase();
  await connection.destroy();
});

async function fill({ fields, prepare }: HelperCase, size: number, id = (n: number): unknown => n) {
  for (let from = 0; from < size; from += 10_000) {
    const many = Array.from({ length: Math.min(10_000, size - from) }, (_, at) => {
      const n = from + at;
      return { _id: id(n) as never, n, ...fields(n, size) };
    });
    await db.collection('things').insertMany(many);
  }
  await prepare?.(db);
}

function start(
  { name }: HelperCase,
  size: number,
  flags: readonly string[] = [],
): { child: ChildProcess; output: () => string } {
  const args = [...flags, CHILD, url, name, String(size)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return { child, output: () => output };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('close', resolve));

/** @returns whether it was killed before it had come to its end */
async function kill(one: HelperCase, size: number, withinMs: number): Promise<boolean> {
  const { child, output } = start(one, size);
  const over = ended(child);
  while (child.exitCode === null && !output().includes('begun')) await sleep(5);
  await sleep(Math.random() * withinMs);
  child.kill('SIGKILL');
  await over;
  if (child.signalCode !== 'SIGKILL') expect(output()).toMatch(/done \d+/);
  return child.signalCode === 'SIGKILL';
}

/** What others do meanwhile: a field of their own, and documents of their own. */
function disturb(size: number): { stop(): Promise<number> } {
  let go = true;
  let changed = 0;
  const things = db.collection('things');
  const work = (async () => {
    for (let n = 0; go; n++) {
      const _id = Math.floor(Math.random() * size) as never;
      changed += (await things.updateOne({ _id }, { $inc: { theirs: 1 } })).modifiedCount;
      await things.insertOne({ _id: `their ${n}` as never, email: `their ${n}` });
      await sleep(1);
    }
  })();
  return {
    async stop() {
      go = false;
      await work;
      return changed;
    },
  };
}

async function theirs(collections: readonly string[]): Promise<number> {
  let sum = 0;
  for (const name of collections) {
    const all = { $group: { _id: null, sum: { $sum: '$theirs' } } };
    const [found] = await db.collection(name).aggregate([all]).toArray();
    sum += (found?.['sum'] as number | undefined) ?? 0;
  }
  return sum;
}

/** Killed in migrations already, by test/e2e/data-migration-system/kill.test.ts. */
const ELSEWHERE =
  /^(addField|sanitizeStringFields|removeDuplicates|archiveOldDocuments|createUniqueConstraint)$/;
const KILLED = among(CASES, (all) => all.filter(({ name }) => !ELSEWHERE.test(name)));

describe.each(CASES)('$name', (one) => {
  const itIsKilled = KILLED.includes(one) ? it : () => undefined;
  itIsKilled('is killed, goes on, and spoils nothing of what others write', async () => {
    let killed = 0;
    for (let round = 0; round < KILLS; round++) {
      await db.dropDatabase();
      await fill(one, THINGS);
      const others = disturb(THINGS);
      if (await kill(one, THINGS, round % 2 === 0 ? 60 : 400)) killed++;
      await one.run(modelsOf(connection), { size: THINGS, id: (n) => n });
      const changed = await others.stop();
      expect(await one.wrong(db, THINGS)).toBe(0);
      const { kept = ['things'] } = one;
      if (kept.length > 0) expect(await theirs(kept)).toBe(changed);
      connection.deleteModel(/.*/);
    }
    // A machine may be faster than the kill, once.
    if (KILLS > 1) expect(killed).toBeGreaterThan(0);
  });

  it('knows an empty collection, keys of several fields, and documents that break the schema', async () => {
    const models = modelsOf(connection);
    const plan = { size: 0, id: (n: number) => n };
    await one.prepare?.(db);
    await one.run(models, plan);
    expect(await db.collection('things').countDocuments()).toBe(0);
    await db.dropDatabase();
    const id = (n: number): unknown => ({ tenant: n % 3, n });
    await fill(one, 60, id);
    const broken = [
      { a: 'text', name: 5, list: 'x', email: ['e1', { e: 2 }], at: 'never', ref: {} },
      {
        a: [1],
        b: 7,
        name: null,
        list: [null, 3],
        email: 8,
        at: null,
        ref: 5,
        extra: { deep: [1] },
      },
    ];
    // `renameField` refuses to lose a value, `addField` asks its function.
    const fit = broken.map(({ b: _b, ...rest }, at) => ({ _id: `broken ${at}` as never, ...rest }));
    await db.collection('things').insertMany(fit);
    await one.run(models, { size: 60, id });
    expect(await one.wrong(db, 60)).toBe(0);
    const left = await db.collection('things').countDocuments({ _id: /^broken/ as never });
    expect(left).toBe(2);
  });

  it('refuses a view', async () => {
    await fill(one, 2);
    await db.collection('things').rename('stored');
    const view = { viewOn: 'stored', pipeline: [] };
    await db.createCollection('things', view);
    await db.createCollection('others', view);
    const refused = { code: 'GODWIT_HELPER_REFUSED', message: expect.stringContaining('view') };
    await expect(one.run(modelsOf(connection), { size: 2, id: (n) => n })).rejects.toMatchObject(
      refused,
    );
  });

  const itIsLarge = SOAK ? it : () => undefined;
  itIsLarge(`keeps its memory flat on ${MANY} documents`, async () => {
    await fill(one, MANY);
    // As the command line runs them: see src/cli/v8.ts.
    const { child, output } = start(one, MANY, ['--heap-growing-percent=50']);
    await ended(child);
    const [, most] = /done (\d+)/.exec(output()) ?? [];
    expect(Number(most), output()).toBeLessThan(128);
    expect(await one.wrong(db, MANY)).toBe(0);
  });
});
