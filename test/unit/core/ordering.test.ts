import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalVersion,
  compareVersions,
  splitVersionedName,
} from '../../../src/core/ordering.ts';

const version = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
  fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')),
  fc.string({ maxLength: 8 }),
);

describe('compareVersions', () => {
  it('is a total order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  it('orders numbers by value, of any length', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n }), (a, b) => {
        const expected = a < b ? -1 : a > b ? 1 : 0;
        expect(Math.sign(compareVersions(String(a), String(b)))).toBe(expected);
      }),
    );
  });

  it.each([
    ['9', '10'],
    ['999', '20240115103000'],
    ['1.2', '1.10'],
    ['1', '1.0'],
    ['10', 'init'],
  ])('%s comes before %s', (a, b) => expect(compareVersions(a, b)).toBeLessThan(0));
});

describe('canonicalVersion', () => {
  it('is idempotent, and equal for any number of leading zeros', () => {
    fc.assert(
      fc.property(version, fc.nat(5), (v, zeros) => {
        const canonical = canonicalVersion(v);
        expect(canonicalVersion(canonical)).toBe(canonical);
        if (/^\d+$/.test(canonical))
          expect(canonicalVersion('0'.repeat(zeros) + canonical)).toBe(canonical);
      }),
    );
  });
});

describe('splitVersionedName', () => {
  it.each([
    ['001_create_users', '1', 'create_users'],
    ['001-add-field', '1', 'add-field'],
    ['001__init', '1', 'init'],
    ['20240115103000_add.index.on.x', '20240115103000', 'add.index.on.x'],
    ['2024-01-15T10-30-00_add-user-timezone-field', '20240115103000', 'add-user-timezone-field'],
    ['1.2.3_name', '1.2.3', 'name'],
    ['007', '7', ''],
  ])('%s', (stem, v, name) => expect(splitVersionedName(stem)).toEqual({ version: v, name }));

  it.each(['readme', '_001', 'x001_a', '001name'])('%s is no versioned name', (stem) =>
    expect(splitVersionedName(stem)).toBeUndefined(),
  );
});
