// How soon after a kill the next process has done its first chunk.
import { median } from '../support/statistics.ts';
import { table } from '../support/table.ts';
import { makeProject, type RunningBackfill } from './project.ts';
import type { Rows } from './rows.ts';

const COUNT = 300_000;

export async function measureResume(
  label: string,
  rows: Rows,
  target: string,
  rounds: number,
): Promise<string> {
  const project = await makeProject({
    'work.js': `import { defineBackfill } from 'godwit';
export default defineBackfill({ ${target}, fields: ['n'], transform: ({ n }) => ({ m: Number(n) + 1 }) });`,
  });
  const [fromStart, fromLock]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round < rounds; round++) {
      await rows.fill(COUNT);
      const first = project.start(rows.url);
      first.ended.catch(() => undefined);
      await until(first, (done) => done > COUNT / 10);
      first.kill();
      const second = project.start(rows.url);
      let begun = 0;
      let before = 0;
      second.onEvent((event, sinceMs) => {
        if (event.type !== 'backfill.started') return;
        begun = sinceMs;
        before = event.resumedAt ?? 0;
      });
      const at = await until(second, (done) => done > before);
      fromStart.push(at);
      fromLock.push(at - begun);
      await second.ended;
      await rows.insist(COUNT);
    }
  } finally {
    await project.remove();
  }
  return table(
    [`${label}, killed and started again`, 'median'],
    [
      ['first chunk after the start of the process', `${Math.round(median(fromStart))} ms`],
      ['first chunk after its lease', `${Math.round(median(fromLock))} ms`],
    ],
  );
}

function until(running: RunningBackfill, enough: (done: number) => boolean): Promise<number> {
  return new Promise((resolve) => {
    running.onEvent(({ progress }, sinceMs) => {
      if (progress && enough(progress.rows)) resolve(sinceMs);
    });
  });
}
