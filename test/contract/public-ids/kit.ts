import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledChild } from '../../support/bundles.ts';
import { rounds } from '../../support/rounds.ts';

const CHILD = bundledChild(new URL('./child.ts', import.meta.url));
const LONGEST_MS = 1_500;
const running = new Set<ReturnType<typeof spawn>>();

/** Begins the command in processes of their own, and kills each at some moment. */
export async function killAtRandom(url: string, tables: readonly string[]): Promise<void> {
  for (let round = 0; round < rounds(3, 60); round++) {
    const child = spawn(process.execPath, [CHILD, url, ...tables], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.add(child);
    const over = once(child, 'exit');
    // Counted from when it begins to work, not from the start of Node.
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), over]);
    await Promise.race([sleep(Math.random() * LONGEST_MS), over]);
    child.kill('SIGKILL');
    await over;
    running.delete(child);
  }
}

export async function cleanUp(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
}
