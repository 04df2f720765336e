import { createRequire } from 'node:module';
import { afterAll, expect } from 'vitest';

/**
 * Files share their process (`isolate: false`): what one leaves behind, such as a model that
 * every later `--from-models` would find, makes another fail, now and then and far away.
 */
const before = { cwd: process.cwd(), env: { ...process.env } };

afterAll(() => {
  const { VITEST_TEST_ID: _id, ...env } = process.env;
  const { VITEST_TEST_ID: _earlier, ...expected } = before.env;
  expect({ cwd: process.cwd(), env }, 'left behind by this file').toEqual({
    cwd: before.cwd,
    env: expected,
  });
  expect(models(), 'Mongoose models left behind by this file').toEqual([]);
});

function models(): string[] {
  const { cache } = createRequire(import.meta.url);
  return Object.keys(cache)
    .filter((path) => /[/\\]mongoose\d*[/\\]index\.js$/.test(path))
    .flatMap((path) => {
      const mongoose = cache[path]?.exports as typeof import('mongoose') | undefined;
      return mongoose?.connections.flatMap((connection) => connection.modelNames()) ?? [];
    });
}
