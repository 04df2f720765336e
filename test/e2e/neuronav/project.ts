import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installing } from '../../support/installing.ts';
import { npmOnce } from '../support/npm-once.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const EXAMPLE = join(ROOT, 'examples/neuronav');

export interface Typed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Neuronav {
  readonly path: string;
  /** Types a command in the project's folder, and waits for its end. */
  type(command: string, env?: Readonly<Record<string, string>>): Promise<Typed>;
  /** Starts the application and waits until it listens. Stopped by `remove` at the latest. */
  startApp(env: Readonly<Record<string, string>>): Promise<{ port: number; stop(): Promise<void> }>;
  /** Starts one of its scripts and kills it, with no chance to clean up, once it prints this. */
  killWhen(
    printed: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<void>;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The example in a folder of its own, installed by npm. The only change is the path of
 * godwit, which is relative in the repository.
 */
export async function installNeuronav(): Promise<Neuronav> {
  const path = await mkdtemp(join(tmpdir(), 'godwit neuronav é '));
  const apps = new Set<ChildProcess>();
  await cp(EXAMPLE, path, {
    recursive: true,
    filter: (source) => !/[\\/](node_modules|\.env|\.godwit)$/.test(source.slice(EXAMPLE.length)),
  });
  const manifest = await readFile(join(path, 'package.json'), 'utf8');
  const godwit = JSON.stringify(`file:${ROOT.replace(/[\\/]$/, '')}`);
  await writeFile(join(path, 'package.json'), manifest.replaceAll('"file:../.."', godwit));
  const once = npmOnce(path);
  const type: Neuronav['type'] = (command, env = {}) => run(once(command), path, env);
  const command = 'npm install --prefer-offline --no-audit --no-fund';
  const installed = await type(command, installing());
  if (installed.code !== 0) throw new Error(`npm install failed:\n${installed.stderr}`);
  return {
    path,
    type,
    startApp: (env) => startApp(path, env, apps),
    killWhen: (printed, args, env) => killWhen(path, printed, args, env),
    write: (file, text) => writeFile(join(path, file), text),
    async remove() {
      await Promise.all([...apps].map(stop));
      await rm(path, { recursive: true, force: true });
    },
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

async function startApp(
  cwd: string,
  env: Readonly<Record<string, string>>,
  apps: Set<ChildProcess>,
): Promise<{ port: number; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['app.js'], {
    cwd,
    env: { ...cleanEnvironment(), PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  apps.add(child);
  const port = await new Promise<number>((resolve, reject) => {
    child.on('close', (code) => reject(new Error(`app.js ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const [, found] = /port (\d+)/.exec(text) ?? [];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return { port, stop: () => stop(child) };
}

async function killWhen(
  cwd: string,
  printed: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes(printed)) child.kill('SIGKILL');
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`it never printed "${printed}"`)),
    );
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGTERM');
  });
}

/** Neither the outer npm's settings, nor vitest's, nor the developer's databases. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|VITEST|PG|NODE_ENV$|GODWIT_ENV$|DATABASE_URL$|MONGODB_URI$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
