import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Enough to prove, on the same machine, that a process is gone. Linux only. */
export interface ProcessIdentity {
  readonly host: string;
  /** Changes with every start of the machine. */
  readonly boot: string;
  /** Process ids mean the same only within one namespace. */
  readonly namespace: string;
  readonly pid: number;
  /** Clock ticks after boot: a pid that is used again has another start. */
  readonly start: string;
}

/** Undefined where the system does not tell; a dead owner is then succeeded by its lease. */
export function identifyProcess(): ProcessIdentity | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    const start = readStat(process.pid)?.start;
    if (start === undefined || boot === '') return undefined;
    return { host: hostname(), boot, namespace, pid: process.pid, start };
  } catch {
    return undefined;
  }
}

/** True only when it is certain that the process no longer exists. */
export function isProvablyDead(
  owner: ProcessIdentity | undefined,
  self: ProcessIdentity | undefined,
): boolean {
  if (owner === undefined || self === undefined) return false;
  const comparable =
    owner.host === self.host && owner.boot === self.boot && owner.namespace === self.namespace;
  if (!comparable) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it exists and is somebody else's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  // Readable: the pid was given away again, or only waits for its parent to notice.
  const stat = readStat(owner.pid);
  return (
    stat !== undefined && (stat.start !== owner.start || stat.state === 'Z' || stat.state === 'X')
  );
}

function readStat(pid: number): { state: string; start: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    return state === undefined || start === undefined ? undefined : { state, start };
  } catch {
    return undefined;
  }
}
