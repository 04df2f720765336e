import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The same server once more, over the same folder and port, after it was ended. */
export async function restartServer(
  pid: number,
  signal: 'SIGINT' | 'SIGQUIT',
): Promise<ChildProcess> {
  const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  args.pop();
  const folder = args[args.indexOf('-D') + 1] ?? '';
  const { uid, gid } = statSync(folder);
  process.kill(pid, signal);
  while (isAlive(pid)) await sleep(20);
  const owner = process.getuid?.() === 0 ? { uid, gid } : {};
  const child = spawn(program, args, {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', () => {});
  return child;
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is gone, though its parent has not noticed.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
