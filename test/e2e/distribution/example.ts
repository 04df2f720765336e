import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackfillEntry } from '../../../src/app/backfill/types.ts';
import { createMigrator, type Migrator } from '../../../src/index.ts';
import { startMongod } from '../../../src/testing/mongod.ts';
import { startPostgres } from '../../../src/testing/postgres.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/backfill');
const BIN = join(ROOT, 'dist/cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the example that is under way. */
export interface Running {
  readonly done: Promise<Ended>;
  /** What it has printed so far, on both streams. */
  readonly output: () => string;
  kill(signal: NodeJS.Signals): Promise<Ended>;
}

export interface Tally {
  readonly before: number;
  readonly once: number;
  readonly wrong: number;
}

/** The example in a folder of its own, on one of its databases. */
export interface Example {
  readonly path: string;
  readonly kind: 'mongodb' | 'postgres';
  /** `godwit …`, not waited for. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  godwit(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** The document of `godwit … --json`. */
  json<T>(args: readonly string[]): Promise<T>;
  /** What `godwit backfill status` says, asked from here: as a process it costs more than the work. */
  status(name: string): Promise<BackfillEntry>;
  /** A new database with so many patients. */
  fill(count: number): Promise<void>;
  check(): Promise<{ phones: Tally; visits: Tally; regions: Tally }>;
  /** Ends what is still running, and the server. */
  stop(): Promise<void>;
}

const PACKAGES = ['bullmq', 'ioredis', 'mongodb', 'pg'];

export async function installExample(
  kind: Example['kind'],
  packages: readonly string[] = PACKAGES,
): Promise<Example> {
  const server = kind === 'mongodb' ? await startMongod() : await startPostgres();
  const path = await mkdtemp(join(tmpdir(), 'godwit-backfill-'));
  await cp(EXAMPLE, path, {
    recursive: true,
    filter: (source) => !/node_modules/.test(source.slice(EXAMPLE.length)),
  });
  for (const name of packages) {
    await link(join(ROOT, 'node_modules', name), join(path, 'node_modules', name));
  }
  await link(ROOT, join(path, 'node_modules/godwit'));
  const running = new Set<ChildProcess>();
  let url = '';
  let onlooker: Migrator | undefined;
  const variable = kind === 'mongodb' ? 'MONGODB_URI' : 'DATABASE_URL';
  const start = (file: string, args: readonly string[], env: Readonly<Record<string, string>>) =>
    follow(
      spawn(process.execPath, [file, ...args], {
        cwd: path,
        env: { ...cleanEnv(), [variable]: url, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
      running,
    );
  const example: Example = {
    path,
    kind,
    start: (args, env = {}) => start(BIN, [...args, '--database', kind], env),
    godwit: (args, env) => example.start(args, env).done,
    async json(args) {
      const { stdout, stderr } = await example.godwit([...args, '--json']);
      const document = stdout === '' ? { error: stderr } : JSON.parse(stdout);
      if (Object.keys(document).join() === 'error') throw new Error(JSON.stringify(document.error));
      return document;
    },
    async status(name) {
      const [dir, backfillDir] = [`${kind}/migrations`, `${kind}/backfills`];
      onlooker ??= createMigrator({ url, root: path, config: false, dir, backfillDir });
      return (await onlooker.backfill.status(name)).backfill;
    },
    async fill(count) {
      await onlooker?.close();
      onlooker = undefined;
      url = 'createDatabase' in server ? await server.createDatabase() : server.databaseUrl();
      const { code, stderr } = await start('fill.js', [kind, String(count)], {}).done;
      if (code !== 0) throw new Error(stderr);
    },
    async check() {
      const { stdout, stderr } = await start('check.js', [kind], {}).done;
      if (stdout === '') throw new Error(stderr);
      return JSON.parse(stdout);
    },
    async stop() {
      for (const child of running) child.kill('SIGKILL');
      await onlooker?.close();
      await server.stop();
      await rm(path, { recursive: true, force: true });
    },
  };
  return example;
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, 'junction');
}

function follow(child: ChildProcess, running: Set<ChildProcess>): Running {
  running.add(child);
  let stdout = '';
  let stderr = '';
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    output += text;
  });
  const done = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    done,
    output: () => output,
    kill(signal) {
      child.kill(signal);
      return done;
    },
  };
}

/** Without what the developer's shell or vitest says. */
function cleanEnv(): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|PG|NODE_ENV$|GODWIT_|DATABASE_URL$|MONGODB_URI$|DRY_RUN$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** Waits until it holds, for at most so long: other processes may be slow on a busy machine. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 90_000,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${ms} ms passed, and not yet ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
