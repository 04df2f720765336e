import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundleCommandLine } from '../../scripts/build.mjs';

export interface Binary {
  /** Starts godwit as a process of its own. */
  start(argv: readonly string[], options: StartOptions): Running;
  remove(): Promise<void>;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env?: Record<string, string> | undefined;
}

export interface Running {
  readonly process: ChildProcess;
  /** Resolves when stdout or stderr holds the text. */
  says(text: string): Promise<void>;
  readonly ended: Promise<{ code: number | null; out: string; err: string }>;
}

/** Bundles the command line as the build does, into a folder of the test's own. */
export async function buildBinary(): Promise<Binary> {
  const folder = await mkdtemp(resolve('node_modules', '.godwit-cli-'));
  await bundleCommandLine(folder);
  return {
    start: (argv, options) => start(join(folder, 'main.js'), argv, options),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function start(main: string, argv: readonly string[], { cwd, env }: StartOptions): Running {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen = { out: '', err: '' };
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    seen.out += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.err += text;
    for (const look of waiting) look();
  });
  return {
    process: child,
    says: (text) =>
      new Promise((found) => {
        const look = () => {
          if (!seen.out.includes(text) && !seen.err.includes(text)) return;
          waiting.delete(look);
          found();
        };
        waiting.add(look);
        look();
      }),
    ended: new Promise((done) => child.once('close', (code) => done({ code, ...seen }))),
  };
}
