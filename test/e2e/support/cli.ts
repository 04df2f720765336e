import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The built bin: what a user runs. `npm test` builds it first. */
export const BIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly done: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Starts `godwit` with these arguments, and does not wait. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  if (!existsSync(BIN)) throw new Error('dist/cli/main.js is missing: npm run build');
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    env: { ...cleanEnv(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const done = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, pid: child.pid ?? -1, done, kill: (signal) => void child.kill(signal) };
}

/** Runs it to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).done;
}

/** Runs it with `--json` and parses the one document. */
export async function runJson<T>(
  args: readonly string[],
  options: CliOptions,
): Promise<{ code: number | null; json: T }> {
  const result = await runCli([...args, '--json'], options);
  try {
    return { code: result.code, json: JSON.parse(result.stdout) as T };
  } catch {
    throw new Error(
      `no JSON from godwit ${args.join(' ')} (${result.code}):\n${result.stdout}\n${result.stderr}`,
    );
  }
}

/** Without what the developer's shell or vitest says, which would change what is tested. */
function cleanEnv(): NodeJS.ProcessEnv {
  const {
    NODE_ENV: _node,
    GODWIT_ENV: _godwit,
    DATABASE_URL: _url,
    MONGODB_URI: _uri,
    ...rest
  } = process.env;
  return Object.fromEntries(
    Object.entries(rest).filter(([name]) => !name.startsWith('VITEST') && !name.startsWith('PG')),
  );
}
