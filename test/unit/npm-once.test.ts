import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { npmOnce } from '../e2e/support/npm-once.ts';

function typing(scripts: Readonly<Record<string, string>>): (command: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-npm-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts }));
  return npmOnce(folder);
}

it('goes through npm once for each script', () => {
  const type = typing({ up: 'node migrate.js up', seed: 'node seed.js' });
  expect(type('npm run up 2')).toBe('npm run up 2');
  expect(type('cd backend\nnpm run seed -- --again')).toBe('cd backend\nnpm run seed -- --again');
  expect(type('npm run up 3')).toBe('node migrate.js up 3');
  expect(type('cd backend && npm run seed -- --again')).toBe('cd backend && node seed.js --again');
});

it('goes through npx once', () => {
  const type = typing({});
  expect(type('npx --no-install godwit status --json')).toContain('npx');
  expect(type('npx godwit status')).toBe('./node_modules/.bin/godwit status');
});

it('leaves to npm what npm does more with, and what it does not know', () => {
  const type = typing({ pretest: 'x', test: 'node x', bin: 'godwit up', two: 'node a && node b' });
  for (const command of ['npm run test', 'npm run bin', 'npm run two', 'npm run none']) {
    expect([type(command), type(command)]).toEqual([command, command]);
  }
  expect(type('echo npm run test')).toBe('echo npm run test');
});
