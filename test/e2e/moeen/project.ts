import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installing } from '../../support/installing.ts';
import { npmOnce } from '../support/npm-once.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const EXAMPLE = join(ROOT, 'examples/moeen');

export interface Typed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Moeen {
  readonly path: string;
  /** Another folder of the same project: its own logs, backups and embedded database. */
  copy(): Promise<Moeen>;
  /** Types a command in the project's folder, and waits for its end. */
  type(command: string, env?: Readonly<Record<string, string>>): Promise<Typed>;
  /** The same, which must succeed. */
  typeWell(command: string, env?: Readonly<Record<string, string>>): Promise<string>;
  /** Starts one in a process group of its own, so that `end` ends all of it. */
  start(command: string, env: Readonly<Record<string, string>>): Started;
  remove(): Promise<void>;
}

export interface Started {
  /** The port that it says it listens on. */
  port(): Promise<string>;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** The example in a folder of its own, installed by npm; only the path of godwit is another. */
export async function installMoeen(): Promise<Moeen> {
  const project = await copyExample();
  const manifest = await readFile(join(project.path, 'package.json'), 'utf8');
  const godwit = JSON.stringify(`file:${ROOT.replace(/[\\/]$/, '')}`);
  await writeFile(join(project.path, 'package.json'), manifest.replaceAll('"file:../.."', godwit));
  await project.typeWell('npm install --prefer-offline', installing());
  return project;
}

async function copyExample(): Promise<Moeen> {
  const path = await mkdtemp(join(tmpdir(), 'godwit moeen '));
  await cp(EXAMPLE, path, {
    recursive: true,
    filter: (source) =>
      !/[\\/](node_modules|\.env|\.godwit|backup|logs)$/.test(source.slice(EXAMPLE.length)),
  });
  return openMoeen(path);
}

function openMoeen(path: string): Moeen {
  const once = npmOnce(path);
  const type: Moeen['type'] = (command, env = {}) => run(once(command), path, env);
  return {
    path,
    async copy() {
      const other = await copyExample();
      await symlink(join(path, 'node_modules'), join(other.path, 'node_modules'));
      return other;
    },
    type,
    async typeWell(command, env) {
      const { code, stdout, stderr } = await type(command, env);
      if (code !== 0) throw new Error(`${command}\nended with ${code}\n${stdout}\n${stderr}`);
      return stdout;
    },
    start: (command, env) => start(command, path, env),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

function run(command: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Typed> {
  const child = spawn(command, {
    cwd,
    shell: true,
    env: { ...cleanEnvironment(), ...env },
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
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function start(command: string, cwd: string, env: Readonly<Record<string, string>>): Started {
  const child = spawn(command, {
    cwd,
    shell: true,
    detached: true,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    port: () => portOf(child),
    async end(signal) {
      // Its group: the shell, npm, and what they started.
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, signal);
      await closed;
    },
  };
}

function portOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`it ended with ${code}`)));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const [, found] = /port (\d+)/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
}

/** Neither the outer npm's settings, nor vitest's, nor the developer's databases. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|VITEST|PG|SUPABASE|NODE_ENV$|GODWIT_|DATABASE_URL$|MONGODB_URI$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
