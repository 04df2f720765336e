import { type ChildProcess, spawn } from 'node:child_process';
import { bundledCli } from '../support/bundles.ts';

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

/** Starts godwit as a process of its own. */
export function startBinary(argv: readonly string[], { cwd, env }: StartOptions): Running {
  const child = spawn(process.execPath, [bundledCli(), ...argv], {
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
