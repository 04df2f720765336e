import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from './measured-spawn.ts';

const PRELOADED = fileURLToPath(new URL('peak-memory.mjs', import.meta.url));

/** A command of Node that adds a line with its peak, in MB, to a file when it ends. */
export function withPeak(command: Command, file: string): Command {
  return {
    ...command,
    args: ['--import', PRELOADED, ...command.args],
    env: { ...command.env, GODWIT_BENCH_PEAK: file },
  };
}

/** The peaks in the order of the runs, in MB. */
export async function readPeaks(file: string): Promise<number[]> {
  return (await readFile(file, 'utf8')).trim().split('\n').map(Number);
}

/** Resident memory of a Node that does nothing, in MB. */
export function baseMemory(): number {
  const { stdout } = spawnSync(process.execPath, ['-p', 'process.memoryUsage().rss']);
  return Number(String(stdout)) / 1024 / 1024;
}
