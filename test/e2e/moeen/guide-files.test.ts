import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { FILES, PREFIXES, VARIABLES } from './guide.ts';
import { EXAMPLE } from './project.ts';

it('the folder has the twelve files of the guide, and what belongs to them', async () => {
  const files = await readdir(join(EXAMPLE, 'migrations'));
  expect(files.filter((name) => !/\.(down|verify)\.sql$/.test(name)).sort()).toEqual(FILES);
  const ways = files.filter((name) => name.endsWith('.down.sql'));
  expect(ways.map((name) => name.replace('.down', '')).sort()).toEqual(FILES);
});

it('the config has its sixteen prefixes', async () => {
  const { default: config } = await import(join(EXAMPLE, 'godwit.config.js'));
  const prefixes = Object.values(config.publicIds).map((prefix) => `${prefix}_`);
  expect(prefixes).toEqual(PREFIXES);
});

it('.env.example has its variables', async () => {
  expect(parseEnv(await readFile(join(EXAMPLE, '.env.example'), 'utf8'))).toEqual(VARIABLES);
});
