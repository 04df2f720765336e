import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import module from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBinary } from '../../cli/binary.ts';
import { createFolder, type TestFolder } from '../support/folder.ts';

const FILES = {
  'godwit.config.cjs': "module.exports = { dir: require('place') };\n",
  'node_modules/place/package.json': '{ "name": "place", "main": "index.js" }',
  'node_modules/place/index.js': place('first'),
};

function place(name: string): string {
  return `const fail = process.env.FAIL;\nif (fail)\n  throw new Error(fail);\nmodule.exports = '${name}';\n`;
}

let project: TestFolder;
let cache: string;

beforeEach(async () => {
  project = await createFolder(FILES);
  cache = join(project.path, 'cache');
});
afterEach(() => project.remove());

/** @returns the folder that `create` wrote into; where it failed, what it said */
async function create(env: Record<string, string> = {}, code = 0): Promise<string> {
  const argv = ['create', 'step', '--format', 'sql', '--debug'];
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
  expect(await create({ NODE_DISABLE_COMPILE_CACHE: '1' })).toBe('first');
  expect(await files()).toEqual([]);
  expect(await create()).toBe('first');
  expect(await files()).not.toEqual([]);
  expect(await create()).toBe('first');
});

it('sees that a package was edited, though its length is the same', async () => {
  expect(await create()).toBe('first');
  const file = join(project.path, 'node_modules/place/index.js');
  const { atime, mtime } = await stat(file);
  await writeFile(file, place('other'));
  await utimes(file, atime, mtime);
  expect(await create()).toBe('other');
  expect(await create()).toBe('other');
});

it('says where in a package an error was thrown', async () => {
  const cold = await create({ FAIL: 'thrown by the package' }, 2);
  expect(cold).toContain('thrown by the package');
  expect(await create()).toBe('first');
  const warm = await create({ FAIL: 'thrown by the package' }, 2);
  expect(warm).toBe(cold);
  expect(warm).toMatch(/place\/index\.js:3:9/);
});

describe.skipIf('enableCompileCache' in module)('on Node before 22.1', () => {
  it('writes once, whole, and for the user alone', async () => {
    await create();
    const file = await keptFile();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { mtimeMs, ino } = await stat(file);
    await create();
    expect(await stat(file)).toMatchObject({ mtimeMs, ino });
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

  it('goes without where it cannot write', async () => {
    await writeFile(cache, 'not a folder');
    expect(await create()).toBe('first');
    expect(await readFile(cache, 'utf8')).toBe('not a folder');
  });

  it('keeps nothing of a run that failed', async () => {
    await create({ FAIL: 'no' }, 2);
    expect(await files()).toEqual([]);
  });
});
