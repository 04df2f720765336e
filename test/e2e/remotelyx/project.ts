import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installing } from '../../support/installing.ts';
import { npmOnce } from '../support/npm-once.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/remotelyx');

export interface Typed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Remotelyx {
  /** `server/`, where the guide types its commands. */
  readonly path: string;
  /** Types a command there, with this on its standard input, and waits for its end. */
  type(command: string, env?: Readonly<Record<string, string>>, input?: string): Promise<Typed>;
  remove(): Promise<void>;
}

/** The example in a folder of its own, installed by npm; only the path of godwit is another. */
export async function installRemotelyx(): Promise<Remotelyx> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-remotelyx-'));
  await cp(EXAMPLE, folder, {
    recursive: true,
    filter: (source) => !/[\\/](node_modules|\.env|\.godwit)$/.test(source.slice(EXAMPLE.length)),
  });
  const path = join(folder, 'server');
  const manifest = await readFile(join(path, 'package.json'), 'utf8');
  const godwit = JSON.stringify(`file:${ROOT.replace(/[\\/]$/, '')}`);
  await writeFile(join(path, 'package.json'), manifest.replaceAll('"file:../../.."', godwit));
  const once = npmOnce(path);
  const type: Remotelyx['type'] = (command, env = {}, input = '') =>
    run(once(command), path, env, input);
  const command = 'npm install --prefer-offline --no-audit --no-fund';
  const installed = await type(command, installing());
  if (installed.code !== 0) throw new Error(`npm install failed:\n${installed.stderr}`);
  return { path, type, remove: () => rm(folder, { recursive: true, force: true }) };
}

function run(
  command: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  input: string,
): Promise<Typed> {
  const child = spawn(command, { cwd, shell: true, env: { ...cleanEnvironment(), ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A command that does not read may be gone before it is written to.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Neither the outer npm's settings, nor vitest's, nor the developer's databases. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|VITEST|PG|NODE_ENV$|GODWIT_ENV$|DATABASE_URL$|MONGODB_URI$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}
