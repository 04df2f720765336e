// A transform of 1 ms a row: one thread, two threads, two processes of one thread each.
import { median, medianRatio } from '../support/statistics.ts';
import { table } from '../support/table.ts';
import { type BackfillProject, makeProject } from './project.ts';
import type { Rows } from './rows.ts';

/** It burns the processor, as a hash or a parser would. */
const TRANSFORM = `export default ({ n }) => {
  const end = performance.now() + 1;
  while (performance.now() < end);
  return { m: Number(n) + 1 };
};`;

/**
 * @param target what the definition says it changes, such as `collection: 'rows'`
 * @param count rows, of 1 ms each: of a few, starting and ending are a good part
 */
export async function compareThreads(
  rows: Rows,
  target: string,
  rounds: number,
  count: number,
): Promise<string> {
  const project = await makeProject({
    'work.js': `import { defineBackfill } from 'godwit';
export default defineBackfill({ ${target}, fields: ['n'], transform: './transform.mjs', chunk: 250 });`,
    'transform.mjs': TRANSFORM,
  });
  const ways: Record<string, (project: BackfillProject) => Promise<unknown>> = {
    'one thread': ({ start }) => start(rows.url, 0).ended,
    'two threads': ({ start }) => start(rows.url).ended,
    'two processes': ({ start }) =>
      Promise.all([start(rows.url, 0).ended, start(rows.url, 1).ended]),
  };
  const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [name, run] of Object.entries(ways)) {
        await rows.fill(count);
        const since = performance.now();
        await run(project);
        times.get(name)?.push(performance.now() - since);
        await rows.insist(count);
      }
    }
  } finally {
    await project.remove();
  }
  const base = times.get('one thread') ?? [];
  return table(
    [`${count} rows of 1 ms`, 'wall', 'times as fast'],
    [...times].map(([name, values]) => [
      name,
      `${(median(values) / 1000).toFixed(1)} s`,
      medianRatio(base, values).toFixed(2),
    ]),
  );
}
