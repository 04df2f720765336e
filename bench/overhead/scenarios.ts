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

/** Folders are made, and for `status` everything is applied once, before the first round. */
export async function prepare(
  bench: Bench,
  { verb, count, only }: Scenario,
  root: string,
): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const tool of bench.tools) {
    if (only && !only.includes(tool.name)) continue;
    const project = await makeProject(root, tool.layout, count);
    contestants.push(
      verb === 'up'
        ? freshEachTime(bench, tool, project)
        : await alreadyApplied(bench, tool, project),
    );
  }
  return contestants;
}

function freshEachTime(bench: Bench, tool: Tool, project: string): Contestant {
  const { name } = tool;
  return { name, next: async () => tool.command('up', project, await bench.newDatabase()) };
}

async function alreadyApplied(bench: Bench, tool: Tool, project: string): Promise<Contestant> {
  const url = await bench.newDatabase();
  await measure(tool.command('up', project, url));
  return { name: tool.name, next: () => tool.command('status', project, url) };
}
