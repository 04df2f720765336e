// What issue-sized backfills cost beside what people write by hand, in one command:
//
//   npm run bench -- backfill [--size small|medium|full] [--only mongodb|postgres]
//                             [--rows 1000000] [--rounds 3] [--work set,transform]
//                             [--parts tables,threads,growth,resume] [--sizes 10000,1000000]
//                             [--thread-rows 120000]
//                             [--hop-ms 1] [--write]
import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMongod } from '../../src/testing/mongod.ts';
import { startPostgres } from '../../src/testing/postgres.ts';
import { describeMachine } from '../support/machine.ts';
import { BENCH } from '../support/peers.ts';
import { appendResult } from '../support/results.ts';
import { ofSize } from '../support/sizes.ts';
import { type Growth, growthTable, measureGrowth } from './growth.ts';
import { drawGrowth } from './picture.ts';
import { measureResume } from './resume.ts';
import { mongodbRows, postgresRows, type Rows } from './rows.ts';
import { compareThreads } from './threads.ts';

const { values: given } = parseArgs({
  options: {
    size: { type: 'string' },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string' },
    work: { type: 'string', default: 'set,transform' },
    parts: { type: 'string', default: 'tables,threads,growth,resume' },
    sizes: { type: 'string' },
    'thread-rows': { type: 'string' },
    'hop-ms': { type: 'string', default: '0' },
    write: { type: 'boolean', default: false },
  },
});
const flags = {
  ...given,
  ...ofSize(given, {
    small: { rows: '100000', rounds: '2', sizes: '10000,100000', 'thread-rows': '30000' },
    medium: { rows: '300000', rounds: '3', sizes: '10000,300000', 'thread-rows': '30000' },
    full: { rows: '1000000', rounds: '3', sizes: '10000,100000,1000000', 'thread-rows': '120000' },
  }),
};
const rounds = Number(flags.rounds);
const sizes = flags.sizes.split(',').map(Number);
const parts = new Set(flags.parts.split(','));
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n\n`);
  lines.push(text, '');
};

interface Side {
  readonly name: 'mongodb' | 'postgres';
  readonly label: string;
  readonly target: string;
  open(): Promise<{ rows: Rows; stop(): Promise<void> }>;
}

const SIDES: readonly Side[] = [
  {
    name: 'mongodb',
    label: 'MongoDB',
    target: "collection: 'rows'",
    async open() {
      const server = await startMongod({ own: true });
      return { rows: await mongodbRows(server.databaseUrl()), stop: () => server.stop() };
    },
  },
  {
    name: 'postgres',
    label: 'PostgreSQL',
    target: "table: 'rows'",
    async open() {
      const server = await startPostgres({ fsync: true });
      return { rows: await postgresRows(await server.createDatabase()), stop: () => server.stop() };
    },
  },
];

print(`${describeMachine()}. ${flags.rounds} rounds, medians.`);
const growth: Growth[] = [];
for (const side of SIDES) {
  if (flags.only !== undefined && flags.only !== side.name) continue;
  if (parts.has('tables')) {
    print(`**${side.label}, beside what people write**\n\n${await byHand(side.name)}`);
  }
  if (![...parts].some((part) => part !== 'tables')) continue;
  const { rows, stop } = await side.open();
  try {
    await measureParts(side, rows);
  } finally {
    await rows.close();
    await stop();
  }
}
if (growth.length > 0) {
  print(growthTable(growth, baseMemory()));
  await writeFile(join(BENCH, 'backfill.svg'), drawGrowth(growth, 'Backfills in JavaScript'));
}
if (flags.write) await appendResult('backfill', lines.join('\n'));

async function measureParts({ label, target }: Side, rows: Rows): Promise<void> {
  if (parts.has('threads')) {
    print(`**${label}, a transform that burns the processor**`);
    print(await compareThreads(rows, target, rounds, Number(flags['thread-rows'])));
  }
  if (parts.has('resume')) print(await measureResume(label, rows, target, rounds));
  if (parts.has('growth')) growth.push(...(await measureGrowth(label, rows, target, sizes)));
}

/** The tables of one database, in a process of their own: its memory is looked at too. */
function byHand(name: string): Promise<string> {
  const script = join(BENCH, 'backfill', `${name}.ts`);
  const loader = join(BENCH, '../node_modules/jiti/lib/jiti-cli.mjs');
  return new Promise((resolve, reject) => {
    const fsync = name === 'postgres' ? ['--fsync'] : [];
    const amounts = ['--rows', flags.rows, '--rounds', flags.rounds, '--work', flags.work];
    const hop = ['--hop-ms', flags['hop-ms']];
    const args = [loader, script, ...amounts, ...fsync, ...hop];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.once('exit', (code) => {
      if (code === 0) resolve(out.trim());
      else reject(new Error(`${script} ended with ${code}`));
    });
  });
}

/** A Node that does nothing. */
function baseMemory(): number {
  const { stdout } = spawnSync(process.execPath, ['-p', 'process.memoryUsage().rss']);
  return Number(String(stdout)) / 1024 / 1024;
}
