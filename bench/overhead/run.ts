// What godwit costs over a script that does nothing but the same reads and writes, and how
// it compares with other tools. Ratios are the result; nothing here is a test.
//
//   npm run bench -- overhead [--rounds 7] [--only mongodb|postgres] [--scenarios abcd]
//                             [--tools floor,godwit] [--bin dist/cli/main.js] [--no-fsync] [--flush-us 1000] [--write]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { interleave, type Series } from '../support/interleave.ts';
import { describeMachine } from '../support/machine.ts';
import { BENCH, installGoose, installPeers, peerVersions } from '../support/peers.ts';
import { appendResult } from '../support/results.ts';
import { mongodbBench } from './mongodb.ts';
import { postgresBench } from './postgres.ts';
import { renderGrowth, renderSeries } from './report.ts';
import { prepare, SCENARIOS } from './scenarios.ts';
import type { Bench } from './tools.ts';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
    scenarios: { type: 'string', default: 'abcd' },
    tools: { type: 'string' },
    bin: { type: 'string', default: join(BENCH, '../dist/cli/main.js') },
    'no-fsync': { type: 'boolean', default: false },
    'flush-us': { type: 'string', default: '0' },
    write: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const lines: string[] = [];
const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
  lines.push(text);
};

const machine = describeMachine();
say('Installing the peers …');
await installPeers();
const goose = flags.only === 'mongodb' ? undefined : await installGoose();
const bin = resolve(flags.bin);
print(
  `${machine}. ${flags.rounds} rounds, medians; ratios are medians of each round's own.\n` +
    `Peers: ${await peerVersions(goose !== undefined)}.`,
);
if (flags.only !== 'postgres') await runBench(await mongodbBench(bin));
if (flags.only !== 'mongodb') {
  const disk = { fsync: !flags['no-fsync'], flushUs: Number(flags['flush-us']) };
  await runBench(await postgresBench(bin, goose, disk));
}
if (flags.write) await appendResult('overhead', lines.join('\n'));

async function runBench(bench: Bench): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'godwit-overhead-'));
  try {
    const measured = new Map<string, readonly Series[]>();
    for (const scenario of SCENARIOS) {
      if (!flags.scenarios.includes(scenario.id)) continue;
      say(`${bench.title}, ${scenario.title}`);
      const contestants = await prepare(chosen(bench), scenario, root);
      const progress = (text: string): void => say(`  ${text}`);
      const series = await interleave(contestants, { rounds: Number(flags.rounds), progress });
      measured.set(scenario.id, series);
      print(`\n**${bench.title}, ${scenario.title}**\n\n${renderSeries(series)}`);
    }
    printGrowth(measured);
  } finally {
    await bench.stop();
    await rm(root, { recursive: true, force: true });
  }
}

function chosen(bench: Bench): Bench {
  const names = flags.tools?.split(',');
  return { ...bench, tools: bench.tools.filter(({ name }) => names?.includes(name) ?? true) };
}

function printGrowth(measured: ReadonlyMap<string, readonly Series[]>): void {
  for (const name of ['floor', 'godwit']) {
    const [few, small, large] = ['a', 'c', 'd'].map((id) =>
      measured.get(id)?.find((series) => series.name === name),
    );
    if (few && small && large) print(`\nGrowth, ${renderGrowth(few, small, large)}.`);
  }
}
