import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { project } from '../unit/config/project.ts';
import { godwit } from './terminal.ts';

describe('usage', () => {
  it('is told with what was probably meant', async () => {
    const { code, out, err } = await godwit(['stauts'], { cwd: '/' });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/Did you mean status\?/);
  });

  it('is one JSON document where JSON was asked for', async () => {
    const played = await godwit(['up', '--json', '--nope'], { cwd: '/' });
    expect(played.code).toBe(2);
    expect(played.json()).toMatchObject({
      error: { code: 'GODWIT_USAGE', next: ['godwit up --help'] },
    });
  });

  it('help and version go to stdout', async () => {
    expect(await godwit(['--help'], { cwd: '/' })).toMatchObject({ code: 0, err: '' });
    expect((await godwit(['-V'], { cwd: '/' })).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('contradictions are refused', async () => {
    const { code, out, err } = await godwit(['down', '2', '--all'], { cwd: '/' });
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/2 and --all contradict/);
    expect((await godwit(['accept'], { cwd: '/' })).code).toBe(2);
  });
});

describe('init', () => {
  it('writes what fits, once', async () => {
    const cwd = await project({
      'package.json':
        '{\n\t"name": "x",\n\t"scripts": { "migrate": "mine" },\n\t"dependencies": { "mongoose": "9" }\n}\n',
      'tsconfig.json': '{}',
      '.env.example': 'MONGO_URL=\n',
      'server/migrations/001_a.js': 'module.exports = { version: 1 };',
      'server/migrations/002_b.js': "db.createCollection('migrationHistory')",
    });
    const first = await godwit(['init', '--json'], { cwd });
    expect(first.code).toBe(0);
    expect(first.json()).toEqual({
      found: [
        'mongoose in package.json',
        'TypeScript',
        '2 migrations in server/migrations',
        'a collection migrationHistory in the migrations',
      ],
      written: [
        'godwit.config.ts',
        'package.json script migrate:up',
        'package.json script migrate:down',
        'package.json script migrate:status',
        'package.json script migrate:create',
      ],
      kept: ['server/migrations/', 'package.json script migrate'],
      next: ['godwit create "first change"', 'godwit plan', 'godwit up'],
    });
    const config = await readFile(join(cwd, 'godwit.config.ts'), 'utf8');
    expect(config).toContain("env: ['MONGO_URL']");
    expect(config).toContain("dir: 'server/migrations'");
    expect(config).toContain("language: 'js'");
    expect(config).toContain("versions: 'number'");
    expect(config).toContain("mirror: 'migrationHistory'");
    const manifest = await readFile(join(cwd, 'package.json'), 'utf8');
    expect(manifest).toMatch(/\n\t\t"migrate": "mine"/);

    const again = await godwit(['init', '--json'], { cwd });
    expect(again.json()).toMatchObject({ written: [] });
    expect(await readFile(join(cwd, 'godwit.config.ts'), 'utf8')).toBe(config);
    // What it wrote is a config that godwit reads.
    expect((await godwit(['list'], { cwd })).code).toBe(0);
  });

  it.each([
    [{ 'supabase/config.toml': '' }, 'supabase/migrations', 'DATABASE_URL'],
    [{ 'package.json': '{"dependencies":{"pg":"8"}}' }, 'migrations', 'DATABASE_URL'],
    [{}, 'migrations', 'embedded:postgres'],
  ])('looks at %o', async (files, dir, url) => {
    const cwd = await project(files);
    expect((await godwit(['init'], { cwd })).code).toBe(0);
    const config = await readFile(join(cwd, 'godwit.config.mjs'), 'utf8');
    expect(config).toContain(`dir: '${dir}'`);
    expect(config).toContain(url);
    expect(config).toContain("language: 'sql'");
    expect(await readdir(join(cwd, dir))).toEqual([]);
  });
});

describe('create and list', () => {
  it('need no database', async () => {
    const cwd = await project({
      'godwit.config.json': '{"env":["NOT_SET"],"driver":"postgres","versions":"number"}',
    });
    const created = await godwit(['create', 'add', 'email', 'to', 'users', '--json'], { cwd });
    expect(created.code).toBe(0);
    const { files } = created.json<{ files: string[] }>();
    expect(files[0]).toMatch(/^migrations\/.*add_email_to_users.*\.sql$/);
    const { migrations } = (await godwit(['list', '--json'], { cwd })).json<{
      migrations: { id: string }[];
    }>();
    expect(migrations).toHaveLength(1);
    expect((await godwit(['list', '-q'], { cwd })).out).toBe(`${migrations[0]?.id}\n`);
  });

  it('work from elsewhere with -C', async () => {
    const cwd = await project({
      'app/godwit.config.json': '{}',
      'app/migrations/001_a.sql': 'SELECT 1;',
    });
    expect((await godwit(['list', '-q', '-C', 'app'], { cwd })).out).toBe('001_a\n');
  });
});

describe('what is wrong before anything begins', () => {
  it('is {error} alone, and text on stderr', async () => {
    const cwd = await project({ 'godwit.config.json': '{"drvier":"x"}' });
    const played = await godwit(['status', '--json'], { cwd });
    expect(played.code).toBe(2);
    expect(played.json()).toEqual({
      error: {
        code: 'GODWIT_CONFIG_INVALID',
        message: 'drvier is not a known key. Did you mean "driver"?',
        where: { file: join(cwd, 'godwit.config.json') },
        state: 'No database was contacted.',
      },
    });
    expect(played.err).toMatch(/at godwit\.config\.json/);
  });

  it('is the last of the JSON lines', async () => {
    const cwd = await project();
    const { out } = await godwit(['status', '--json-lines'], { cwd });
    expect(JSON.parse(out)).toMatchObject({
      type: 'result',
      result: { error: { code: 'GODWIT_URL_MISSING' } },
    });
  });

  it('shows a stack only with --debug, and never a password', async () => {
    const cwd = await project();
    const url = 'postgres://app:S3cret/x@h/d';
    const quiet = await godwit(['status', '--url', url], { cwd });
    expect(quiet.err).not.toMatch(/\n\s+at .*\.ts/);
    const loud = await godwit(['status', '--url', url, '--debug'], { cwd });
    expect(loud.err).toMatch(/\n\s+at .*\.ts/);
    expect(quiet.out + quiet.err + loud.err).not.toMatch(/S3cret/);
  });

  it('several databases need a name for JSON and for what is hard to undo', async () => {
    const cwd = await project({ 'godwit.config.json': '{"databases":{"a":{},"b":{}}}' });
    for (const argv of [['status', '--json'], ['down'], ['mark', '1', 'applied'], ['unlock']]) {
      const { code, out, err } = await godwit(argv, { cwd });
      expect(code).toBe(2);
      expect(out + err).toMatch(new RegExp(`godwit ${argv[0]} --database a`));
    }
  });

  it('an environment file that is named must exist', async () => {
    const cwd = await project();
    expect(await godwit(['status', '--env-file', 'no.env'], { cwd })).toMatchObject({ code: 2 });
  });
});

it('completion prints a script', async () => {
  expect((await godwit(['completion', 'fish'], { cwd: '/' })).out).toMatch(/complete -c godwit/);
});
