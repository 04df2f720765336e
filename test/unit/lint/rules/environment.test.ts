import { expect, it } from 'vitest';
import { lint, scriptFile } from '../lint-text.ts';

it('a secret of the environment that a migration reads is more than another value', async () => {
  const text = "const a = process.env.REGION;\nconst b = process.env['STRIPE_SECRET'];";
  const found = await lint(scriptFile(text));
  expect(found.map(({ severity, where }) => [severity, where.line])).toEqual([
    ['info', 1],
    ['warning', 2],
  ]);
});

it('a seed may: it is not the same everywhere', async () => {
  const seed = { ...scriptFile('process.env.REGION'), migration: undefined };
  expect(await lint(seed)).toEqual([]);
});
