import { spawn } from 'node:child_process';

/**
 * Ends a server when this process is gone, also where it was killed with -9 and could say
 * nothing: a shell holds a pipe from here, and reads its end. Not on Windows.
 *
 * @param pid of the server, a child of this process
 * @param script what the shell then does; `$1` is the pid, `$2` the folder
 * @returns lets the shell go: the server is ended otherwise
 */
export function endWithParent(pid: number, script: string, folder: string): () => void {
  if (process.platform === 'win32') return () => {};
  // A session of its own: what is sent to this process's group is not meant for it.
  const shell = spawn('sh', ['-c', `read _; ${script}`, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return () => {
    shell.kill('SIGKILL');
  };
}
