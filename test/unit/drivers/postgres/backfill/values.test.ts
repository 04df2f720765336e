import { describe, expect, it } from 'vitest';
import type { Column } from '../../../../../src/drivers/postgres/backfill/target.ts';
import { textArray, valueText } from '../../../../../src/drivers/postgres/backfill/values.ts';

const column = (kind: Column['kind']): Column => ({
  name: 'c',
  sql: '"t"."c"',
  type: 'text',
  generated: false,
  identity: false,
  kind,
  notNull: false,
  growing: false,
});
const text = (value: unknown, kind: Column['kind'] = 'other', embedded = false) =>
  valueText(value, column(kind), embedded);

describe('values as the server reads them', () => {
  it('plain ones', () => {
    expect(text(null)).toBeNull();
    expect(text('a"b')).toBe('a"b');
    expect(text(1.5)).toBe('1.5');
    expect(text(12345678901234567890n)).toBe('12345678901234567890');
    expect([text(true), text(false)]).toEqual(['t', 'f']);
    expect(text(new Uint8Array([222, 173]))).toBe('\\xdead');
    expect(text(Buffer.from('xdeadx').subarray(1, 3))).toBe('\\x6465');
    expect(() => text(() => 1)).toThrow('cannot hold a function');
  });

  it('dates with their offset', () => {
    const date = new Date('2024-02-29T12:34:56.789Z');
    const written = text(date) ?? '';
    expect(new Date(written).getTime()).toBe(date.getTime());
    expect(text(new Date('2024-02-29'), 'date', true)).toMatch(/^2024-02-29T/);
    expect(text(new Date(Date.UTC(-43, 2, 15, 12)))).toMatch(/^0044-03-1\dT.* BC$/);
    expect(() => text(new Date('x'))).toThrow('invalid Date');
  });

  it('JSON as it was parsed, so that text stays text', () => {
    expect(text('abc', 'json')).toBe('"abc"');
    expect(text([1, { a: null }], 'json')).toBe('[1,{"a":null}]');
    expect(text({ big: 1n }, 'json')).toBe('{"big":"1"}');
    expect(text({ a: 1 })).toBe('{"a":1}');
  });

  it('arrays, nested and quoted', () => {
    expect(text([1, null, 3], 'array')).toBe('{"1",NULL,"3"}');
    expect(
      text(
        [
          ['a"', '\\'],
          ['NULL', ''],
        ],
        'array',
      ),
    ).toBe('{{"a\\"","\\\\"},{"NULL",""}}');
    expect(text([{ a: '"' }, [1]], 'json-array')).toBe('{"{\\"a\\":\\"\\\\\\"\\"}","[1]"}');
    expect(textArray([])).toBe('{}');
    expect(textArray(['', null, 'a,b', '{}'])).toBe('{"",NULL,"a,b","{}"}');
  });
});
