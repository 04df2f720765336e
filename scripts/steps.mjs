// Running the other programs of this repository, without a shell and without npm's own
// environment (an npm inside an npm takes the outer one's folder for its own).
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Environment without what an outer npm has put there. */
export function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

/**
 * Runs a program to its end.
 *
 * @returns its exit code (128 + n when a signal ended it) and, when `capture` is set, its output
 */
export function run(program, args, { env, capture = false, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const windows = process.platform === 'win32';
    const child = spawn(program, args, { cwd, stdio, shell: windows, env: cleanEnvironment(env) });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 130, output }));
  });
}

/** Runs a JavaScript file, or the bin of a package in node_modules. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Path of a file inside node_modules. */
export function inModules(...parts) {
  return join(ROOT, 'node_modules', ...parts);
}

/** Ends this program when a step failed. */
export function insist(result, what) {
  if (result.code === 0) return;
  if (result.output) process.stderr.write(result.output);
  process.stderr.write(`${what} failed (exit ${result.code}).\n`);
  process.exit(result.code);
}
