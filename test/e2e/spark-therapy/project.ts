import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installing } from '../../support/installing.ts';
import { npmOnce } from '../support/npm-once.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/spark-therapy');

export interface Typed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SparkTherapy {
  /** Where the guide begins with `cd backend`. */
  readonly path: string;
  /** Types a command there, and waits for its end. */
  type(command: string, env?: Readonly<Record<string, string>>): Promise<Typed>;
  /** Writes a file under `backend/`. @returns puts back what was there */
  write(file: string, text: string): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/**
 * The example in a folder of its own, installed by npm; only the path of godwit is another.
 * With a major of mongoose it is linked instead, to the one that godwit's tests have.
 */
export async function installSparkTherapy(mongoose?: string): Promise<SparkTherapy> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-spark-'));
  await cp(EXAMPLE, folder, {
    recursive: true,
    filter: (source) => !/[\\/](node_modules|\.env|\.godwit)$/.test(source.slice(EXAMPLE.length)),
  });
  const path = join(folder, 'backend');
  const once = npmOnce(path);
  const type: SparkTherapy['type'] = (command, env = {}) => run(once(command), folder, env);
  if (mongoose === undefined) await install(path, folder);
  else await link(path, mongoose);
  return {
    path,
    type,
    async write(file, text) {
      const whole = join(path, file);
      const before = await readFile(whole, 'utf8').catch(() => undefined);
      await writeFile(whole, text);
      return () => (before === undefined ? rm(whole) : writeFile(whole, before));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function install(path: string, folder: string): Promise<void> {
  const manifest = await readFile(join(path, 'package.json'), 'utf8');
  const godwit = JSON.stringify(`file:${ROOT.replace(/[\\/]$/, '')}`);
  await writeFile(join(path, 'package.json'), manifest.replaceAll('"file:../../.."', godwit));
  const command = 'cd backend && npm install --prefer-offline --no-audit --no-fund';
  const installed = await run(command, folder, installing());
  if (installed.code !== 0) throw new Error(`npm install failed:\n${installed.stderr}`);
}

async function link(path: string, mongoose: string): Promise<void> {
  await mkdir(join(path, 'node_modules'));
  await symlink(ROOT, join(path, 'node_modules/godwit'), 'junction');
  const target = join(ROOT, 'node_modules', mongoose);
  await symlink(target, join(path, 'node_modules/mongoose'), 'junction');
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

/** Neither the outer npm's settings, nor vitest's, nor the developer's databases. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|VITEST|PG|NODE_ENV$|GODWIT_ENV$|DATABASE_URL$|MONGODB_)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
