/**
 * What MongoDB's side of a backfill costs beside what people write, interleaved in one run:
 * `npx jiti bench/backfill/mongodb.ts [--rows 100000] [--rounds 3] [--work set,transform]
 * [--hop-ms 1]`.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Collection, type Db, type Document, MongoClient, ObjectId } from 'mongodb';
import { openBackfills } from '../../src/drivers/mongodb/backfill/backfills.ts';
import type { Backfills } from '../../src/ports/backfill.ts';
import type { BackfillJob } from '../../src/ports/backfill-job.ts';
import { startMongod } from '../../src/testing/mongod.ts';
import { startHop } from '../support/hop.ts';
import { describeMachine } from '../support/machine.ts';
import { median, medianRatio } from '../support/statistics.ts';
import { table } from '../support/table.ts';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
    work: { type: 'string', default: 'set,transform' },
    'hop-ms': { type: 'string', default: '0' },
  },
});
const works = flags.work.split(',');
const ROWS = Number(flags.rows);
const ROUNDS = Number(flags.rounds);
const HOP_MS = Number(flags['hop-ms']);
/** One statement for each row takes too long for all of them. */
const ONE_BY_ONE = Math.min(ROWS, 2000);
const BULK = 1000;
const BY = { host: 'bench', user: 'bench', pid: process.pid, godwit: '0.0.0' };
const SET = [{ $set: { m: { $add: ['$n', 1] } } }];
const TRANSFORM = { change: { type: 'transform' }, fields: ['n'] } as const;

interface Cost {
  readonly wallMs: number;
  readonly serverMs: number;
  readonly nodeMs: number;
}

const server = await startMongod({ own: true });
const hop = HOP_MS > 0 ? await startHop(Number(new URL(server.uri).port), HOP_MS) : undefined;
const url = hop
  ? `mongodb://127.0.0.1:${hop.port}/bench?directConnection=true`
  : server.databaseUrl('bench');
const client = await new MongoClient(url).connect();
const db: Db = client.db();

type Contestant = (rows: Collection<Document>) => Promise<unknown>;

const CONTESTANTS: Record<string, Contestant> = {
  'one updateMany': (rows) => rows.updateMany({}, SET),
  'godwit set, 1 lane': () => godwit({ change: { type: 'set', set: SET } }, 1, 10_000),
  'godwit set, 2 lanes': () => godwit({ change: { type: 'set', set: SET } }, 2, 10_000),
  'cursor + bulkWrite(1000)': async (rows) => {
    let operations: Parameters<typeof rows.bulkWrite>[0][number][] = [];
    for await (const { _id, n } of rows.find({}, { projection: { n: 1 } })) {
      operations.push({ updateOne: { filter: { _id }, update: { $set: { m: n + 1 } } } });
      if (operations.length < BULK) continue;
      await rows.bulkWrite(operations);
      operations = [];
    }
    if (operations.length > 0) await rows.bulkWrite(operations);
  },
  'one updateOne each': async (rows) => {
    for await (const { _id, n } of rows.find({}, { projection: { n: 1 } }).limit(ONE_BY_ONE)) {
      await rows.updateOne({ _id }, { $set: { m: n + 1 } });
    }
  },
  'godwit transform, 1 lane': () => godwit(TRANSFORM, 1, 2500),
  'godwit transform, 2 lanes': () => godwit(TRANSFORM, 2, 2500),
};

async function godwit(
  more: Pick<BackfillJob, 'change'> & Partial<BackfillJob>,
  lanes: number,
  size: number,
): Promise<void> {
  const backfills = await openBackfills(
    {
      url,
      root: process.cwd(),
      store: { schema: 'godwit', prefix: 'godwit_' },
      connectTimeoutMs: 5000,
      lock: 'auto',
      emit: () => {},
    },
    lanes + 2,
  );
  const job: BackfillJob = {
    ledger: 'bench',
    name: 'bench',
    target: 'rows',
    order: 'ascending',
    touched: false,
    definition: '1',
    ...more,
  };
  await backfills.begin(job, { mode: 'again', acceptDefinition: true, by: BY });
  await Promise.all(Array.from({ length: lanes }, () => lane(backfills, job, size)));
  if (!(await backfills.end('bench', 'complete', {}))) throw new Error('not complete');
  await backfills.close();
}

async function lane(backfills: Backfills, job: BackfillJob, size: number): Promise<void> {
  for (;;) {
    const chunk = await backfills.claim(job, 'bench', size);
    if (chunk === undefined) return;
    if (job.change.type !== 'transform') await backfills.apply(job, chunk, 'bench');
    else {
      const { rows } = await backfills.read(job, chunk);
      const changes = rows.map(({ row }) => {
        return { type: 'set', values: { m: (row['n'] as number) + 1 } } as const;
      });
      await backfills.apply(job, chunk, 'bench', { rows, changes });
    }
  }
}

/** About 440 bytes each. */
async function fill(): Promise<void> {
  await db.dropDatabase();
  for (let at = 0; at < ROWS; at += 5000) {
    const rows = Array.from({ length: Math.min(5000, ROWS - at) }, (_, index) => {
      const n = at + index;
      return {
        _id: new ObjectId(),
        n,
        name: `User ${n}`,
        email: `user${n}@example.org`,
        phone: `(555) 555-${n}`,
        address: { street: `${n} Main Street`, city: 'x'.repeat(40) },
        tags: ['a', 'b', 'c'],
        text: 'y'.repeat(170),
        at: new Date(),
      };
    });
    await db.collection('rows').insertMany(rows);
  }
  await sleep(500);
}

function cpu(): { server: number; node: number } {
  const stat = readFileSync(`/proc/${server.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const { user, system } = process.cpuUsage();
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { server: ticks * 10, node: (user + system) / 1000 };
}

function isInDatabase(name: string): boolean {
  return name === 'one updateMany' || name.includes('set');
}

/** @param rows how many it changes; what it costs is told as if it were all */
async function measure(contestant: Contestant, rows: number): Promise<Cost> {
  await fill();
  const before = cpu();
  const since = performance.now();
  await contestant(db.collection('rows'));
  const wallMs = performance.now() - since;
  const after = cpu();
  const right = await db
    .collection('rows')
    .countDocuments({ $expr: { $eq: ['$m', { $add: ['$n', 1] }] } });
  if (right !== rows) throw new Error(`${rows - right} rows are wrong`);
  const share = ROWS / rows;
  return {
    wallMs: wallMs * share,
    serverMs: (after.server - before.server) * share,
    nodeMs: (after.node - before.node) * share,
  };
}

const workOf = (name: string): string => (isInDatabase(name) ? 'set' : 'transform');
const chosen = Object.entries(CONTESTANTS).filter(([name]) => works.includes(workOf(name)));
const costs = new Map<string, Cost[]>(chosen.map(([name]) => [name, []]));
console.log(
  `${ROWS} documents, ${ROUNDS} rounds${hop ? `, ${hop.text}` : ''}; ${describeMachine()}\n`,
);
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, contestant] of chosen) {
    const rows = name === 'one updateOne each' ? ONE_BY_ONE : ROWS;
    costs.get(name)?.push(await measure(contestant, rows));
  }
}
const of = (name: string, what: (cost: Cost) => number): number[] =>
  (costs.get(name) ?? []).map(what);
const wall = ({ wallMs }: Cost): number => wallMs;
const total = ({ serverMs, nodeMs }: Cost): number => serverMs + nodeMs;
const perRow = (values: readonly number[]): string => ((median(values) * 1000) / ROWS).toFixed(1);
console.log(
  table(
    ['µs per document', 'wall', 'server CPU', 'node CPU', 'wall ratio', 'CPU ratio'],
    chosen.map(([name]) => {
      const base = isInDatabase(name) ? 'one updateMany' : 'cursor + bulkWrite(1000)';
      return [
        name,
        perRow(of(name, wall)),
        perRow(of(name, ({ serverMs }) => serverMs)),
        perRow(of(name, ({ nodeMs }) => nodeMs)),
        medianRatio(of(name, wall), of(base, wall)).toFixed(2),
        medianRatio(of(name, total), of(base, total)).toFixed(2),
      ];
    }),
  ),
);
console.log(`\nMemory at the end: ${Math.round(process.memoryUsage().rss / 1e6)} MB.`);
await client.close();
hop?.stop();
await server.stop();
