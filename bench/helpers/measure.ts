import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, medianRatio } from '../support/statistics.ts';
import { formatMs, table } from '../support/table.ts';
import type { Source } from './rows.ts';

const RUN_ONE = fileURLToPath(new URL('scripts/run-one.mjs', import.meta.url));
const run = promisify(execFile);

export interface Contestant {
  readonly name: string;
  /** As run-one.mjs knows it. */
  readonly script: string;
  readonly folder?: string;
  /** How many documents it must say it has done. */
  readonly done: number;
  /** By which its cost is multiplied, where it does a sample. */
  readonly share?: number;
  /** It begins with an empty database. */
  readonly empty?: boolean;
  before?(): Promise<void>;
}

/** Ours, and what it is compared with. */
export interface Contest {
  readonly base: Contestant;
  readonly ours: Contestant;
}

interface Cost {
  readonly wallMs: number;
  readonly nodeMs: number;
  readonly serverMs: number;
  readonly baseMb: number;
  readonly peakMb: number;
}

export interface ContestOptions {
  /** Of the server, whose CPU is looked at. */
  readonly pid: number | undefined;
  readonly rounds: number;
  progress(text: string): void;
}

/** All contestants in each round, one behind the other. */
export async function runContests(
  source: Source,
  contests: readonly Contest[],
  { pid, rounds, progress }: ContestOptions,
): Promise<string> {
  // Two contests may have the same base: it runs once in a round.
  const all = [...new Set(contests.flatMap(({ base, ours }) => [base, ours]))];
  const costs = new Map<Contestant, Cost[]>(all.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    for (const one of all) {
      await source.reset(one.empty);
      await one.before?.();
      costs.get(one)?.push(await runOne(source.url, one, pid));
    }
  }
  return render(contests, (one) => costs.get(one) ?? []);
}

export async function runOne(url: string, one: Contestant, pid?: number): Promise<Cost> {
  const before = serverCpu(pid);
  const { stdout } = await run(process.execPath, [RUN_ONE, one.script, url, one.folder ?? '']);
  const serverMs = serverCpu(pid) - before;
  const { done, ...cost } = JSON.parse(stdout) as Omit<Cost, 'serverMs'> & { done: number };
  if (done !== one.done) throw new Error(`${one.name} did ${done} of ${one.done} documents.`);
  const share = one.share ?? 1;
  return {
    ...cost,
    wallMs: cost.wallMs * share,
    nodeMs: cost.nodeMs * share,
    serverMs: serverMs * share,
  };
}

/** In ms, of Linux; elsewhere 0. */
function serverCpu(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function render(contests: readonly Contest[], of: (one: Contestant) => readonly Cost[]): string {
  const row = (one: Contestant, base: Contestant): string[] => {
    const pick = (what: (cost: Cost) => number): number => median(of(one).map(what));
    const cpu = ({ nodeMs, serverMs }: Cost): number => nodeMs + serverMs;
    const ratio = (what: (cost: Cost) => number): string =>
      medianRatio(of(one).map(what), of(base).map(what)).toFixed(2);
    const most = Math.max(...of(one).map(({ peakMb, baseMb }) => peakMb - baseMb));
    return [
      one.name,
      formatMs(pick(({ wallMs }) => wallMs)),
      formatMs(pick(({ nodeMs }) => nodeMs)),
      formatMs(pick(({ serverMs }) => serverMs)),
      ratio(({ wallMs }) => wallMs),
      ratio(cpu),
      // Of a sample it says nothing.
      one.share === undefined ? `${Math.round(most)} MB` : '',
    ];
  };
  return table(
    ['', 'wall', 'Node CPU', 'server CPU', 'wall ratio', 'CPU ratio', 'memory over base'],
    contests.flatMap(({ base, ours }, i) => [
      ...(contests[i - 1]?.base === base ? [] : [row(base, base)]),
      row(ours, base),
    ]),
  );
}
