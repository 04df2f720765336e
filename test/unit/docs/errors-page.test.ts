import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/errors.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

/** Code to exit code, as the page has them. */
function sections(): Map<string, number> {
  const found = new Map<string, number>();
  let exit = Number.NaN;
  for (const line of page.split('\n')) {
    exit = Number(/^## Exit code (\d+)/.exec(line)?.[1] ?? exit);
    const [, code] = /^### (\S+)$/.exec(line) ?? [];
    if (code !== undefined) found.set(code, exit);
  }
  return found;
}

describe('docs/errors.md', () => {
  it('has a section for every code, under its exit code, and for nothing else', () => {
    const codes = Object.entries(ERROR_CODES).map(([code, { exit }]) => [code, exit] as const);
    expect(sections()).toEqual(new Map(codes));
  });

  it('says in every section what to do', () => {
    const [, ...texts] = page.split(/^### /m);
    const silent = texts.filter((text) => !/\bDo:\s/.test(text));
    expect(silent.map((text) => text.split('\n', 1)[0])).toEqual([]);
  });
});
