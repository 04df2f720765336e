import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from a later one with the same pid as far as the system lets us. */
export interface ProcessOwner {
  readonly host: string;
  readonly pid: number;
  /** Of this start of the machine; absent where the system does not tell. */
  readonly boot?: string | undefined;
  /** Pids mean the same only within one namespace. */
  readonly namespace?: string | undefined;
  /** Clock ticks from boot to the start of the process. */
  readonly start?: string | undefined;
}

export function thisProcess(): ProcessOwner {
  return {
    host: hostname(),
    pid: process.pid,
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    start: statOf(process.pid)?.start,
  };
}

/** True only when the process is certainly gone. On another host nothing is certain. */
export function isGone(owner: ProcessOwner, self: ProcessOwner = thisProcess()): boolean {
  if (owner.host !== self.host || owner.namespace !== self.namespace) return false;
  if (owner.boot !== self.boot) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it exists and is somebody else's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const stat = statOf(owner.pid);
  return stat !== undefined && (stat.start !== owner.start || stat.state === 'Z');
}

function statOf(pid: number): { state: string; start: string } | undefined {
  return attempt(() => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name, in parentheses, may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', start: fields[19] ?? '' };
  });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
