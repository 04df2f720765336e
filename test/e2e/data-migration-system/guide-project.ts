import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCli } from '../support/cli.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURES = join(ROOT, 'test/fixtures/data-migration-system');

/** A sample as it stands in the guide, byte for byte. */
export function sample(name: string): string {
  return readFileSync(join(FIXTURES, `${name}.js.txt`), 'utf8');
}

/** What `create` writes around a class. */
export function inFile(classText: string, more = ''): string {
  const [, name] = /class (\w+)/.exec(classText) ?? [];
  return `const MigrationBase = require('../utils/MigrationBase');
const MigrationHelper = require('../utils/MigrationHelper');
${more}
${classText}
module.exports = ${name};
`;
}

/** A method that is shown without its class. */
export function inClass(methods: string, more = ''): string {
  const required = "const MigrationHelper = require('../utils/MigrationHelper');\n";
  const own = methods.startsWith(required) ? methods.slice(required.length) : methods;
  return inFile(`class Sample extends MigrationBase {\n${own}\n}\n`, more);
}

export interface GuideProject extends TestFolder {
  /** `node migrations/migrate.js …`, typed in the project's folder. */
  migrate(...words: string[]): Promise<Ended>;
  run(args: readonly string[], cwd?: string): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MODELS = {
  User: '{ email: String, phone: String }',
  Patient: '{ phone: String }',
  Treatment: '{ name: String, duration: Number, price: Number }',
  Source: '{ n: Number }',
  Target: '{ n: Number }',
};

const PACKAGE = {
  'package.json': '{ "name": "guide", "private": true, "dependencies": { "mongoose": "*" } }\n',
};

let made: Promise<string> | undefined;

/** Where `init --layout classes` was typed. Once: what it makes depends on nothing else. */
function initialised(): Promise<string> {
  made ??= createFolder(PACKAGE).then(async ({ path }) => {
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    const { code, stderr } = await runCli(['init', '--layout', 'classes'], { cwd: path });
    if (code !== 0) throw new Error(stderr);
    return path;
  });
  return made;
}

/** What `init --layout classes` makes, with models, and packages linked instead of installed. */
export async function createGuideProject(
  url: string,
  mongoose = 'mongoose',
): Promise<GuideProject> {
  const models = Object.entries(MODELS).map(([name, fields]) => [
    `models/${name}.js`,
    `const mongoose = require('mongoose');
module.exports = mongoose.model('${name}', new mongoose.Schema(${fields}, { strict: false }));
`,
  ]);
  const folder = await createFolder({ ...PACKAGE, ...Object.fromEntries(models) });
  await cp(await initialised(), folder.path, { recursive: true });
  await mkdir(join(folder.path, 'node_modules'));
  await symlink(ROOT, join(folder.path, 'node_modules/godwit'), 'dir');
  await symlink(
    join(ROOT, `node_modules/${mongoose}`),
    join(folder.path, 'node_modules/mongoose'),
    'dir',
  );
  const run = (args: readonly string[], cwd = folder.path): Promise<Ended> =>
    runNode(args, cwd, url);
  return { ...folder, run, migrate: (...words) => run(['migrations/migrate.js', ...words]) };
}

function runNode(args: readonly string[], cwd: string, url: string): Promise<Ended> {
  const { NODE_ENV: _node, GODWIT_ENV: _godwit, ...rest } = process.env;
  const clean = Object.entries(rest).filter(([name]) => !name.startsWith('VITEST'));
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...Object.fromEntries(clean), MONGODB_URI: url },
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
