import { expect, it } from 'vitest';
import { parseBytes, parseDays } from '../../../src/cli/parse-amounts.ts';
import { showBytes } from '../../../src/core/text/show-bytes.ts';

it('sizes are read and shown', () => {
  expect([parseBytes('500'), parseBytes('1.5kB'), parseBytes('20 GB'), parseBytes('3tb')]).toEqual([
    500, 1500, 20e9, 3e12,
  ]);
  for (const bad of ['', '0', '-1', 'GB', '1 XB']) expect(() => parseBytes(bad)).toThrow(/size/);
  expect([0, 999, 1500, 20e9, 123_456_789].map(showBytes)).toEqual([
    '0 B',
    '999 B',
    '1.5 kB',
    '20.0 GB',
    '123 MB',
  ]);
});

it('days are above nothing', () => {
  expect([parseDays('1'), parseDays('0.5')]).toEqual([1, 0.5]);
  for (const bad of ['', '0', '-3', 'x']) expect(() => parseDays(bad)).toThrow(/days/);
});
