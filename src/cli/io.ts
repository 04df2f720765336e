import { writeSync } from 'node:fs';
import type { Ending } from './last-words.ts';

/** Where text goes. A terminal tells its width. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type SignalListener = (signal: 'SIGINT' | 'SIGTERM') => void;

/** The world as the command line sees it: handed in, so that tests can play it. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  /** Variables of `.env` files are added to it, for the migrations to see. */
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
  /** @returns a function that stops listening */
  onSignal?(listener: SignalListener): () => void;
  /**
   * Sees what others (a migration's `console.log`) write to stdout and decides where it
   * goes. @returns a function that ends it
   */
  divert?(take: (text: string) => void): () => void;
  /** Ends the process at once. */
  exit?(code: number): void;
}

/** The real process. Streams are opened when they are first used: each costs a millisecond. */
export function processIo(): Io & { flush(done?: () => void): void } {
  outliveReader(process.stdout);
  const { write, flush } = gatherLines(process.stdout);
  process.on('exit', () => flush());
  let stderr: NodeJS.WriteStream | undefined;
  return {
    stdout: {
      write,
      isTTY: process.stdout.isTTY,
      get columns() {
        return process.stdout.columns;
      },
    },
    get stderr() {
      // What came first is read first, also where both are one file.
      flush();
      stderr ??= outliveReader(process.stderr);
      return stderr;
    },
    get stdin() {
      flush();
      return process.stdin;
    },
    env: process.env,
    cwd: process.cwd(),
    onSignal: listenForSignals,
    divert: divertStdout,
    exit: (code) => process.exit(code),
    flush(done) {
      if (done === undefined) return flush();
      // Linux writes at once, whatever stderr is: it need not be opened to wait for it.
      const unopened = stderr === undefined && process.platform === 'linux';
      return flush(() => (unopened ? done() : void process.stderr.write('', done)));
    },
  };
}

/**
 * A write to a pipe waits for the system, and a thousand of them take longer than a thousand
 * small migrations: what is told in one turn of the loop goes out together at its end. A
 * person at a terminal gets each line at once.
 */
function gatherLines(stream: NodeJS.WriteStream): {
  write(text: string): void;
  flush(done?: () => void): void;
} {
  const write = stream.write.bind(stream);
  let gathered = '';
  const flush = (done?: () => void): void => {
    const text = gathered;
    gathered = '';
    if (done !== undefined) write(text, done);
    else if (text !== '') write(text);
  };
  return {
    flush,
    write(text) {
      if (stream.isTTY) write(text);
      else {
        if (gathered === '') setImmediate(() => flush());
        gathered += text;
      }
    },
  };
}

/**
 * A reader that goes away (`godwit up | head`) is no error, and no reason to leave a
 * migration half-way: what it would have read is lost, the work goes on.
 */
function outliveReader(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return stream;
}

/**
 * The real process, for its last words.
 *
 * @param flush sees to it that what came before is written before
 */
export function processEnding(flush: () => void): Ending {
  return {
    on: process.on.bind(process) as Ending['on'],
    set exitCode(code: number) {
      process.exitCode = code;
    },
    exit: (code) => process.exit(code),
    write(stream, text) {
      try {
        flush();
        writeSync(stream, text);
      } catch {
        // Nobody reads it.
      }
    },
  };
}

function listenForSignals(listener: SignalListener): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

function divertStdout(take: (text: string) => void): () => void {
  const original = process.stdout.write;
  const diverted = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const done = rest.find((argument) => typeof argument === 'function');
    if (done !== undefined) process.nextTick(done as () => void);
    return true;
  };
  process.stdout.write = diverted as typeof process.stdout.write;
  return () => {
    process.stdout.write = original;
  };
}
