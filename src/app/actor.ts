import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Actor } from '../ports/history.ts';
import { VERSION } from '../version.ts';

/** Who is at work, for the lock and the history. `root` is where a checkout is looked for. */
export function currentActor(root: string): Actor {
  const git = headCommit(root);
  return {
    host: hostname(),
    user: userName(),
    pid: process.pid,
    godwit: VERSION,
    ...(git && { git }),
  };
}

/** A user id without a name (containers) is no reason to fail. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** Read from the files: spawning git would cost more than a whole `up`. */
function headCommit(root: string): string | undefined {
  const git = findGit(root);
  if (git === undefined) return undefined;
  const head = readText(join(git, 'HEAD'))?.trim();
  if (head === undefined || !head.startsWith('ref: ')) return head;
  const ref = head.slice('ref: '.length);
  const common = readText(join(git, 'commondir'))?.trim();
  const shared = common === undefined ? git : join(git, common);
  return (
    readText(join(shared, ref))?.trim() ?? packedRef(readText(join(shared, 'packed-refs')), ref)
  );
}

function packedRef(packed: string | undefined, ref: string): string | undefined {
  const line = packed?.split('\n').find((entry) => entry.endsWith(` ${ref}`));
  return line?.split(' ', 1)[0];
}

function findGit(root: string): string | undefined {
  let folder = root;
  for (;;) {
    const path = join(folder, '.git');
    if (readText(join(path, 'HEAD')) !== undefined) return path;
    // A worktree's or submodule's `.git` is a file that points to the folder.
    const pointer = /^gitdir: (.+)$/m.exec(readText(path) ?? '')?.[1];
    if (pointer) return resolve(folder, pointer);
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
