import { PassThrough } from 'node:stream';
import type { Io, SignalListener } from '../../src/cli/io.ts';
import { run } from '../../src/cli/run.ts';

export interface Played {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** stdout as JSON; throws when it is not exactly one document. */
  json<T = Record<string, never>>(): T;
}

export interface Play {
  readonly cwd: string;
  readonly env?: Record<string, string | undefined> | undefined;
  /** Lines typed, one per question, at a terminal. */
  readonly typed?: readonly string[] | undefined;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  /** Given the function that sends a signal. */
  readonly onStart?: ((send: (signal: 'SIGINT' | 'SIGTERM') => void) => void) | undefined;
}

/** Runs a command line in this process, with a terminal that is played. */
export async function godwit(argv: readonly string[], play: Play): Promise<Played> {
  let out = '';
  let err = '';
  const stdin = new PassThrough();
  const typed = [...(play.typed ?? [])];
  const isTTY = play.isTTY ?? play.typed !== undefined;
  const listeners = new Set<SignalListener>();
  const answer = (text: string) => {
    // A person answers when asked.
    if (/: $|\(y\/N\) $/.test(text) && typed.length > 0) stdin.write(`${typed.shift()}\n`);
  };
  const io: Io = {
    stdout: {
      write(text) {
        out += text;
        answer(text);
      },
      isTTY,
      columns: play.columns,
    },
    stderr: {
      write(text) {
        err += text;
        answer(text);
      },
      isTTY,
      columns: play.columns,
    },
    stdin: Object.assign(stdin, { isTTY }),
    env: { PATH: process.env.PATH, ...play.env },
    cwd: play.cwd,
    onSignal(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  play.onStart?.((signal) => {
    for (const listener of listeners) listener(signal);
  });
  const code = await run(argv, io);
  return { code, out, err, json: () => JSON.parse(out) };
}
