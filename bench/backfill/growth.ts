// Rows a second and memory over time, at several sizes.
import { readFileSync } from 'node:fs';
import { table } from '../support/table.ts';
import { makeProject } from './project.ts';
import type { Rows } from './rows.ts';

export interface Growth {
  readonly label: string;
  readonly count: number;
  readonly samples: readonly Sample[];
  readonly wallMs: number;
}

export interface Sample {
  readonly atMs: number;
  /** Resident memory of the process, in MB. */
  readonly memory: number;
  readonly done: number;
}

const EVERY_MS = 200;

export async function measureGrowth(
  label: string,
  rows: Rows,
  target: string,
  counts: readonly number[],
): Promise<Growth[]> {
  const project = await makeProject({
    'work.js': `import { defineBackfill } from 'godwit';
export default defineBackfill({ ${target}, fields: ['n'], transform: ({ n }) => ({ m: Number(n) + 1 }) });`,
  });
  const found: Growth[] = [];
  try {
    for (const count of counts) {
      await rows.fill(count);
      const samples: Sample[] = [];
      let done = 0;
      const running = project.start(rows.url);
      const since = performance.now();
      running.onEvent((event) => {
        done = event.progress?.rows ?? done;
      });
      const timer = setInterval(() => {
        const memory = residentMb(running.pid);
        if (memory > 0) samples.push({ atMs: performance.now() - since, memory, done });
      }, EVERY_MS);
      const wallMs = await running.ended.finally(() => clearInterval(timer));
      await rows.insist(count);
      found.push({ label, count, samples, wallMs });
    }
    return found;
  } finally {
    await project.remove();
  }
}

/** @param base what a Node that does nothing takes, in MB */
export function growthTable(all: readonly Growth[], base: number): string {
  return table(
    ['JavaScript transform', 'rows/s', 'most memory', 'over Node'],
    all.map(({ label, count, samples, wallMs }) => {
      const most = Math.max(0, ...samples.map(({ memory }) => memory));
      const rate = Math.round(count / (wallMs / 1000));
      return [
        `${label}, ${count.toLocaleString('en')} rows`,
        rate.toLocaleString('en'),
        `${Math.round(most)} MB`,
        `${Math.round(most - base)} MB`,
      ];
    }),
  );
}

/** 0 once the process is gone. */
export function residentMb(pid: number): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}
