import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMongod, type TestMongod } from '../../../src/testing/mongod.ts';
import { rounds } from '../../support/rounds.ts';
import { createGuideProject, type GuideProject, inClass } from './guide-project.ts';

const ROUNDS = rounds(1, 15);
const PATIENTS = rounds(8_000, 30_000);

let server: TestMongod;
let client: MongoClient;
let db: Db;
let project: GuideProject;
let url: string;

beforeAll(async () => {
  server = await startMongod();
  url = server.databaseUrl();
  client = await new MongoClient(url).connect();
  db = client.db();
  project = await createGuideProject(url);
});

afterAll(async () => {
  await client?.close();
  await project?.remove();
  await server?.stop();
});

/** Starts `up` and kills it, with no chance to clean up, once something is done. */
async function killUp(isFarEnough: () => Promise<boolean>): Promise<boolean> {
  const child = spawn(process.execPath, ['migrations/migrate.js', 'up'], {
    cwd: project.path,
    env: { ...process.env, NODE_ENV: '', MONGODB_URI: url },
    stdio: 'ignore',
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once('close', (_, signal) => resolve(signal === 'SIGKILL'));
  });
  while (child.exitCode === null && !(await isFarEnough())) await sleep(5);
  child.kill('SIGKILL');
  return ended;
}

/** What somebody else does meanwhile: their own field, and documents of their own. */
function disturb(): { stop(): Promise<number> } {
  let go = true;
  let inserted = 0;
  const work = (async () => {
    while (go) {
      const _id = Math.floor(Math.random() * PATIENTS) as never;
      await db.collection('patients').updateOne({ _id }, { $inc: { theirs: 1 } });
      await db
        .collection('patients')
        .insertOne({ _id: (1_000_000 + inserted++) as never, other: true });
    }
  })();
  return {
    async stop() {
      go = false;
      await work;
      return inserted;
    },
  };
}

it(`transforms each document exactly once through kill -9 and writes of others, ${ROUNDS} x`, async () => {
  let killed = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    await db.dropDatabase();
    const patients = Array.from({ length: PATIENTS }, (_, n) => ({
      _id: n as never,
      phone: String(n),
      done: 0,
    }));
    await db.collection('patients').insertMany(patients);
    const body = `await MigrationHelper.transformData(this.models.Patient, { done: { $exists: true } }, (doc) => {
      doc.done += 1; doc.phone = '+1' + doc.phone; return doc;
    });`;
    await project.write({
      'migrations/pending/2024-05-01T00-00-00_once.js': inClass(`async up() { ${body} }`),
    });
    const others = disturb();
    const part = Math.floor(PATIENTS * Math.random() * 0.7);
    if (
      await killUp(async () => (await db.collection('patients').countDocuments({ done: 1 })) > part)
    )
      killed++;
    const again = await project.migrate('up');
    await others.stop();
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(await db.collection('patients').countDocuments({ done: 1 })).toBe(PATIENTS);
    const wrong = {
      $expr: { $ne: ['$phone', { $concat: ['+1', { $toString: '$_id' }] }] },
      done: { $exists: true },
    };
    expect(await db.collection('patients').countDocuments(wrong)).toBe(0);
  }
  expect(killed).toBeGreaterThan(0);
});

it('goes on with the other helpers after kill -9, when it is told to', async () => {
  await db.dropDatabase();
  const users = Array.from({ length: 20_000 }, (_, n) => ({
    _id: n as never,
    email: `u${n % 15_000}`,
    name: ` n${n} `,
    createdAt: new Date(n % 3 === 0 ? 0 : Date.now()),
  }));
  await db.collection('users').insertMany(users);
  const body = `const { User, Patient } = this.models;
    await MigrationHelper.addField(User, 'avatar', null);
    await MigrationHelper.sanitizeStringFields(User, ['name']);
    await MigrationHelper.removeDuplicates(User, 'email');
    await MigrationHelper.archiveOldDocuments(User, Patient, new Date('2020-01-01'), 'createdAt');
    await MigrationHelper.createUniqueConstraint(User, { email: 1 });`;
  await project.write({
    'migrations/pending/2024-05-02T00-00-00_all.js': inClass(`async up() { ${body} }`),
  });
  const started = async () => (await db.collection('patients').estimatedDocumentCount()) > 0;
  const wasKilled = await killUp(started);
  if (wasKilled) {
    const asked = await project.migrate('up');
    expect(asked.code).toBe(5);
    expect(asked.stdout + asked.stderr).toContain('--retry');
    expect((await project.migrate('up', '--retry')).code).toBe(0);
  }
  expect(await db.collection('users').countDocuments()).toBe(10_000);
  expect(await db.collection('patients').countDocuments({ avatar: null, name: /^n\d+$/ })).toBe(
    5_000,
  );
  expect((await db.collection('users').indexes()).map(({ name }) => name)).toEqual([
    '_id_',
    'email_1',
  ]);
});
