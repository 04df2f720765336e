import { describe, expect, it } from 'vitest';
import { didYouMean, suggest } from '../../../src/config/suggest.ts';

describe('suggest', () => {
  it('finds what was meant', () => {
    expect(suggest('drvier', ['driver', 'dir', 'url'])).toBe('driver');
    expect(suggest('stauts', ['status', 'show'])).toBe('status');
    expect(suggest('Dir', ['driver', 'dir'])).toBe('dir');
  });

  it('does not guess wildly', () => {
    expect(suggest('banana', ['driver', 'dir', 'url'])).toBeUndefined();
    expect(didYouMean('banana', ['driver'])).toBe('');
  });
});
