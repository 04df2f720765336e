import type { Contestant } from '../support/interleave.ts';
import { measure } from '../support/measured-spawn.ts';
import { makeProject } from './folders.ts';
import type { Bench, Tool, Verb } from './tools.ts';

/** What is measured, as in the tables' titles. */
export interface Scenario {
  readonly id: 'a' | 'b' | 'c' | 'd';
  readonly verb: Verb;
  readonly count: number;
  readonly title: string;
  /** Names of the tools that take part; all when absent. */
  readonly only?: readonly string[];
}

export const SCENARIOS: readonly Scenario[] = [
  { id: 'a', verb: 'status', count: 3, title: '`status` of 3 applied' },
  { id: 'b', verb: 'up', count: 1000, title: '`up` of 1,000 no-ops' },
  { id: 'c', verb: 'status', count: 1000, title: '`status` of 1,000 applied' },
  {
    id: 'd',
    verb: 'status',
    count: 10_000,
    title: '`status` of 10,000 applied',
    only: ['floor', 'godwit'],
  },
];

/** Folders are made, and everything is applied once, before the first round. */
export async function prepare(
  bench: Bench,
  { verb, count, only }: Scenario,
  root: string,
): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const tool of bench.tools) {
    if (only && !only.includes(tool.name)) continue;
    const project = await makeProject(root, tool.layout, count);
    const url = await bench.newDatabase();
    await measure(tool.command('up', project, url));
    await insistOnRecords(bench, tool, url, count);
    const fresh = verb === 'up' ? () => bench.newDatabase() : () => url;
    const next = async () => tool.command(verb, project, await fresh());
    contestants.push({ name: tool.name, next });
  }
  return contestants;
}

/** A tool that quietly did nothing would win. */
async function insistOnRecords(
  bench: Bench,
  { name, records }: Tool,
  url: string,
  count: number,
): Promise<void> {
  const found = await bench.count(url, records);
  if (found < count) throw new Error(`${name} left ${found} records of ${count} migrations`);
}
