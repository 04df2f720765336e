import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOf, splitStatements } from '../../../../../src/drivers/postgres/sql/index.ts';

describe('placeOf', () => {
  it.each<[string, number, number, number, string | undefined]>([
    ['select 1;\nselec 2', 11, 2, 1, 'selec 2'],
    ["select '😀', x;", 13, 1, 14, "select '😀', x"],
    ['select 1;\r\n  select\r\n  x', 24, 3, 3, 'select\r\n  x'],
    ['select (', 9, 1, 9, 'select ('],
    ['select (', 99, 1, 9, 'select ('],
    ['-- nothing', 1, 1, 1, undefined],
    ['\ufeffselec 1', 2, 1, 1, 'selec 1'],
    ['select 1;\n\\i x', 11, 2, 1, undefined],
  ])('%j at %i', (text, position, line, column, statement) => {
    expect(placeOf(text, position, 'a.sql', 1)).toEqual({
      file: 'a.sql',
      line,
      column,
      ...(statement !== undefined && { statement }),
    });
    expect(placeOf(text, position, 'a.sql', 7).line).toBe(line + 6);
  });

  it('shortens the statement', () => {
    const { statement } = placeOf(`select '${'x'.repeat(1000)}'`, 1, 'a.sql', 1);
    expect(statement).toHaveLength(500);
    expect(statement?.endsWith('…')).toBe(true);
  });

  it('finds each statement by its code point', () => {
    const line = fc.constantFrom(
      "select 'é'",
      "select '😀'",
      'select 1 -- 😀',
      '\n',
      '/* 😀é */ select 2',
      '\r\n',
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.join(';\n');
        for (const statement of splitStatements(text)) {
          const position = [...text.slice(0, statement.offset)].length + 1;
          const { line: at, column, statement: shown } = placeOf(text, position, 'a.sql', 1);
          expect([at, column, shown]).toEqual([statement.line, statement.column, statement.text]);
        }
      }),
    );
  });
});
