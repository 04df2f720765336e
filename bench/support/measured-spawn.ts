import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program to run from start to end. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** What one run cost, in ms. */
export interface Measurement {
  /** From the start of the process to its end. */
  readonly wallMs: number;
  /** User and system time of the process and of all it waited for. */
  readonly cpuMs: number;
}

// Node cannot ask for the resources of its children, but bash's `time` does (getrusage).
// Output goes to a file, so that no reader competes for the processors. `$0` is that file.
const SCRIPT = `TIMEFORMAT='%3R %3U %3S'; { time "$@" >"$0.out" 2>&1; } 2>"$0.time"`;

/**
 * Runs a command and measures it as a whole.
 *
 * @returns its cost
 * @throws Error with the end of its output when it does not end with 0
 * @example
 * const { cpuMs } = await measure({ program: 'node', args: ['--version'], cwd: '.' });
 */
export async function measure(command: Command): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
  const file = join(folder, 'run');
  try {
    const code = await runBash(file, command);
    if (code !== 0) {
      const output = await readFile(`${file}.out`, 'utf8').catch(() => '');
      const line = [command.program, ...command.args].join(' ');
      throw new Error(`${line} ended with ${code}:\n${output.slice(0, 2000)}`);
    }
    return parseTimes(await readFile(`${file}.time`, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runBash(file: string, { program, args, cwd, env }: Command): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', SCRIPT, file, program, ...args], {
      cwd,
      stdio: 'ignore',
      env: { ...plainEnvironment(), ...env },
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 128));
  });
}

/** Without what npm, a loader or somebody's settings would change in the programs measured. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = ['HOME', 'PATH', 'TMPDIR', 'USER'].map((name) => [name, process.env[name]]);
  return {
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
    LC_ALL: 'C',
    NO_COLOR: '1',
  };
}

function parseTimes(text: string): Measurement {
  const [wall, user, system] = text.trim().split(/\s+/).map(Number);
  if (wall === undefined || user === undefined || system === undefined || Number.isNaN(wall)) {
    throw new Error(`bash gave no times: ${JSON.stringify(text)}`);
  }
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}
