import { spawn } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFolder, type TestFolder } from '../support/folder.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Ended {
  readonly code: number | null;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
}

/** A folder with these files, in which godwit and the drivers are installed. */
export async function createProject(files: Readonly<Record<string, string>>): Promise<TestFolder> {
  const folder = await createFolder(files);
  for (const name of ['mongodb', 'pg', '@electric-sql/pglite']) {
    await link(join(ROOT, 'node_modules', name), join(folder.path, 'node_modules', name));
  }
  await link(ROOT, join(folder.path, 'node_modules/godwit'));
  await link(join(ROOT, 'dist/cli/main.js'), join(folder.path, 'node_modules/.bin/godwit'));
  return folder;
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, target.endsWith('.js') ? 'file' : 'junction');
}

/** Runs a program in a folder, without the databases of the developer's shell. */
export function run(
  cwd: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const foreign = /^(npm_|VITEST|PG|NODE_ENV$|GODWIT_|DATABASE_URL$|MONGODB_URI$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const child = spawn(program, args, {
    cwd,
    env: { ...Object.fromEntries(kept), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
