import { expect, it } from 'vitest';
import { sameContent } from '../../../src/core/same-content.ts';

it.each([
  ['ab', 'ab', true],
  ['ab', 'ac', false],
  ['x4:ab', 'x4:ab', true],
  ['x4:ab', 'x4:ac', false],
  ['x4:ab', 'ab', undefined],
  ['x4:ab', 'x5:ab', undefined],
  [undefined, 'ab', undefined],
  ['ab', undefined, undefined],
])('%s and %s are of the same content: %s', (one, other, same) => {
  expect(sameContent(one, other)).toBe(same);
});
