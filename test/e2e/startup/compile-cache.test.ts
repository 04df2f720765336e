import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBinary } from '../../cli/binary.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

/** Named as what PostgreSQL's driver is made of. */
const PLACE = 'node_modules/pg-place/index.js';

function place(name: string): string {
  return [
    "const fail = process.env.FAIL; if (fail) throw new Error(fail); require('./parent');",
    `module.exports = '${name}';\n`,
  ].join('\n');
}

const FILES = {
  'godwit.config.cjs': "module.exports = { dir: require('pg-place') };\n",
  'node_modules/pg-place/package.json': '{ "name": "pg-place", "main": "index.js" }',
  'node_modules/pg-place/parent.js': `
const { parent } = module;
if (require.cache[parent.filename] !== parent) throw new Error('another parent');
if (!parent.children.includes(module)) throw new Error('no child of it');
if (require.main !== process.mainModule) throw new Error('another main');
`,
  [PLACE]: place('first'),
};

let project: TestFolder;
let cache: string;

beforeEach(async () => {
  project = await createFolder(FILES);
  cache = join(project.path, 'cache');
});
afterEach(() => project.remove());

interface How {
  readonly env?: Record<string, string>;
  readonly code?: number;
  readonly flags?: readonly string[];
}

/** @returns the folder that `create` wrote into; where it failed, what it said */
async function create({ env, code = 0, flags = [] }: How = {}): Promise<string> {
  const argv = [...flags, 'create', 'step', '--format', 'sql', '--debug'];
  const all = { NODE_COMPILE_CACHE: cache, ...env };
  const ended = await startBinary(argv, { cwd: project.path, env: all }).ended;
  expect(ended.code, ended.err).toBe(code);
  if (code !== 0) return ended.err;
  const made = ['first', 'other'].filter((name) => existsSync(join(project.path, name)));
  for (const name of made) await rm(join(project.path, name), { recursive: true });
  return made.join();
}

async function files(): Promise<string[]> {
  const entries = await readdir(cache, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

async function keptFile(): Promise<string> {
  const [file, ...more] = await files();
  expect(more).toEqual([]);
  return file ?? expect.fail('nothing was kept');
}

it('keeps what was compiled, unless it is told not to', async () => {
  expect(await create({ env: { NODE_DISABLE_COMPILE_CACHE: '1' } })).toBe('first');
  expect(await files()).toEqual([]);
  expect(await create()).toBe('first');
  expect(await files()).not.toEqual([]);
  expect(await create()).toBe('first');
});

it('sees that a package was edited, though its length is the same', async () => {
  expect(await create()).toBe('first');
  const file = join(project.path, PLACE);
  const { atime, mtime } = await stat(file);
  await writeFile(file, place('other'));
  await utimes(file, atime, mtime);
  expect(await create()).toBe('other');
  expect(await create()).toBe('other');
});

it('says where in a package an error was thrown', async () => {
  const failing = { env: { FAIL: 'thrown by the package' }, code: 2 };
  const cold = await create(failing);
  expect(cold).toContain('thrown by the package');
  expect(await create()).toBe('first');
  const warm = await create(failing);
  expect(warm).toBe(cold);
  expect(warm).toMatch(/pg-place\/index\.js:1:48/);
});

it('leaves to Node what imports, what is a module, and what is set up in another way', async () => {
  await writeFile(
    join(project.path, 'node_modules/pg-place/parent.js'),
    "module.exports = import/* later */('./late.mjs').catch((error) => { console.error(error); process.exit(9); });\n",
  );
  await writeFile(join(project.path, 'node_modules/pg-place/late.mjs'), 'export default 1;\n');
  for (let run = 0; run < 2; run++) expect(await create()).toBe('first');
  await rm(cache, { recursive: true });
  expect(await create({ env: { NODE_OPTIONS: '--enable-source-maps' } })).toBe('first');
  if (!('enableCompileCache' in module)) expect(await files()).toEqual([]);
});

describe.skipIf('enableCompileCache' in module)('on Node before 22.1', () => {
  it('writes once, whole, and for the user alone', async () => {
    await create();
    const file = await keptFile();
    const { mode, mtimeMs, ino } = await stat(file);
    expect(mode & 0o777).toBe(0o600);
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
    await create();
    expect(await stat(file)).toMatchObject({ mtimeMs, ino });
  });

  it('writes once for commands with other settings of V8, wherever they stand', async () => {
    const env = { NODE_COMPILE_CACHE: cache };
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      await create({ flags: ['--no-color'] });
      const help = startBinary(['--no-color', 'up', '--help'], { cwd: project.path, env });
      expect((await help.ended).code).toBe(0);
      const times = (await files()).map(async (file) => `${file} ${(await stat(file)).mtimeMs}`);
      seen.push((await Promise.all(times)).sort().join('\n'));
    }
    expect(seen[2]).toBe(seen[1]);
  });

  it('uses nothing that is damaged or that others could have written, and makes it anew', async () => {
    await create();
    const file = await keptFile();
    const whole = await readFile(file);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(whole.length >> 1) ^ 1, whole.length >> 1);
    for (const damaged of [whole.subarray(0, 1000), Buffer.alloc(whole.length), flipped]) {
      await writeFile(file, damaged);
      expect(await create()).toBe('first');
      expect((await readFile(file)).length).toBeGreaterThan(1000);
      expect(await readFile(file)).not.toEqual(damaged);
    }
    await chmod(file, 0o666);
    expect(await create()).toBe('first');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('neither follows a link nor waits for a pipe, and leaves alone a folder open to others', async () => {
    await create();
    const file = await keptFile();
    const elsewhere = join(project.path, 'elsewhere.bin');
    await rename(file, elsewhere);
    const { mtimeMs } = await stat(elsewhere);
    await symlink(elsewhere, file);
    expect(await create()).toBe('first');
    expect((await stat(elsewhere)).mtimeMs).toBe(mtimeMs);
    await rm(file, { force: true });
    expect(spawnSync('mkfifo', [file]).status).toBe(0);
    expect(await create()).toBe('first');
    expect((await stat(file)).isFile()).toBe(true);
    await rm(file);
    await chmod(dirname(file), 0o777);
    expect(await create()).toBe('first');
    expect(await files()).toEqual([]);
  });

  it('goes without where it cannot write', async () => {
    await writeFile(cache, 'not a folder');
    expect(await create()).toBe('first');
    expect(await readFile(cache, 'utf8')).toBe('not a folder');
  });

  it('keeps nothing of a run that failed, and nothing in the project unless it is named', async () => {
    await create({ env: { FAIL: 'no' }, code: 2 });
    expect(await files()).toEqual([]);
    const temporary = join(project.path, 'temporary');
    await mkdir(temporary);
    await create({ env: { NODE_COMPILE_CACHE: '', TMPDIR: temporary } });
    expect(await readdir(temporary)).toEqual([`godwit-compile-cache-${process.getuid?.()}`]);
    expect((await readdir(project.path)).sort()).toEqual(
      ['godwit.config.cjs', 'node_modules', 'temporary'].sort(),
    );
  });
});
