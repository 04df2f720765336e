/**
 * A process of its own, for tests that pause or kill one: `child.ts <mode> <url> [leaseMs]`.
 * Tells what happens as JSON lines.
 */
import { acquireOptions, header, job, openTest } from './kit.ts';

const [mode = '', url = '', leaseMs = '15000'] = process.argv.slice(2);
const say = (event: string, data: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ event, ...data })}\n`);
};
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const driver = await openTest(url);
const session = await driver.acquire(
  acquireOptions({
    timeoutMs: 60_000,
    leaseMs: Number(leaseMs),
    emit: (event) => event.type === 'lock.lost' && say('lost', { code: event.error.code }),
  }),
);
say('acquired', { fence: session.fence });

const MODES: Record<string, () => Promise<unknown>> = {
  /** Applies version 1 if it is not applied. */
  race: async () => {
    const versions = await driver.history.versions();
    if (versions.some(({ state }) => state === 'applied')) return 'nothing to do';
    return session.execute(
      job(header('1', session.fence), async ({ db }) => {
        const { value } = (await db.collection('n').findOne({})) ?? { value: 0 };
        await sleep(20);
        await db.collection('n').updateOne({}, { $set: { value: value + 1 } }, { upsert: true });
      }),
    );
  },
  /** Writes every few ms until it is refused. */
  write: () => session.execute(job(header('1', session.fence), writeOn)),
  writeInTransaction: () =>
    session.execute(job(header('1', session.fence), writeOn, { transaction: 'always' })),
  /** One command that takes the server a minute. */
  slow: () =>
    session.execute(
      job(header('1', session.fence), async ({ db }) => {
        await db.collection('slow').insertMany(Array.from({ length: 600 }, (_, n) => ({ n })));
        say('writing');
        await db
          .collection('slow')
          .updateMany({ $where: 'sleep(100) || true' }, { $set: { touched: true } });
      }),
    ),
  /** A transaction of the migration's own, idle between two statements. */
  ownTransaction: () =>
    session.execute(
      job(header('1', session.fence), async ({ db, client }) => {
        await db.collection<{ _id: number }>('own').insertOne({ _id: 1 });
        await client.withSession((own) =>
          own.withTransaction(async () => {
            await db.collection('own').updateOne({}, { $set: { by: 'child' } }, { session: own });
            say('writing');
            await sleep(600_000);
          }),
        );
      }),
    ),
  /** Applies one version after the other, each inserting its number. */
  chain: () => chain('auto'),
  chainInTransactions: () => chain('always'),
  /** Does nothing until told that it was refused. */
  hold: async () => {
    await sleep(600_000);
  },
};

async function chain(transaction: 'auto' | 'always'): Promise<void> {
  const done = (await driver.history.versions()).filter(({ state }) => state === 'applied');
  say('writing');
  for (let n = done.length + 1; ; n++) {
    const step = ({ db }: { db: import('mongodb').Db }) =>
      db.collection('chain').updateOne({ n }, { $inc: { times: 1 } }, { upsert: true });
    const outcome = await session.execute(
      job(header(String(n), session.fence), step, { transaction }),
    );
    if (outcome.status !== 'applied') throw new Error(JSON.stringify(outcome));
  }
}

async function writeOn({ db }: { db: import('mongodb').Db }): Promise<void> {
  for (let n = 0; ; n++) {
    try {
      await db.collection('ticks').insertOne({ n });
      if (n === 0) say('writing');
    } catch (error) {
      say('refused', { code: (error as { code?: unknown }).code });
      throw error;
    }
    await sleep(10);
  }
}

say('ended', { outcome: await MODES[mode]?.() });
await driver.close();
