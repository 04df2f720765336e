import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SqlLexer } from '../../../../src/core/text/sql-lexer.ts';
import { SqlReader } from '../../../../src/core/text/sql-reader.ts';

function tokens(text: string): [string, string][] {
  const lexer = new SqlLexer(text);
  const list: [string, string][] = [];
  while (lexer.next()) {
    if (lexer.kind !== 'space') list.push([lexer.kind, text.slice(lexer.start, lexer.end)]);
  }
  return list;
}

describe('SqlLexer', () => {
  it.each<[string, [string, string][]]>([
    [
      'a$1 $1 $a$ $ $a$',
      [
        ['word', 'a$1'],
        ['number', '$1'],
        ['dollar', '$a$ $ $a$'],
      ],
    ],
    [
      "E'\\'' 'a\\' u&'x' U&\"y\"",
      [
        ['string', "E'\\''"],
        ['string', "'a\\'"],
        ['string', "u&'x'"],
        ['quoted', 'U&"y"'],
      ],
    ],
    [
      '1.5e-3 .5 1..2 0xFF 1_000 1e+2',
      [
        ['number', '1.5e-3'],
        ['number', '.5'],
        ['number', '1'],
        ['punct', '..'],
        ['number', '2'],
        ['number', '0xFF'],
        ['number', '1_000'],
        ['number', '1e+2'],
      ],
    ],
    [
      'a*-1 b@-1 c<=d --e',
      [
        ['word', 'a'],
        ['operator', '*'],
        ['operator', '-'],
        ['number', '1'],
        ['word', 'b'],
        ['operator', '@-'],
        ['number', '1'],
        ['word', 'c'],
        ['operator', '<='],
        ['word', 'd'],
        ['comment', '--e'],
      ],
    ],
    [
      '/* a /* b */ c */ é::x',
      [
        ['comment', '/* a /* b */ c */'],
        ['word', 'é'],
        ['punct', '::'],
        ['word', 'x'],
      ],
    ],
    [
      '${name} ${ x',
      [
        ['variable', '${name}'],
        ['punct', '$'],
        ['punct', '{'],
        ['word', 'x'],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  it('covers any text without a gap', () => {
    const unit = fc.constantFrom(
      ...'a$\'"\\;-/*(){}.:1 \n\r\teE&uU',
      '$$',
      'é',
      '😀',
      'copy x from stdin;\n',
      '\\.\n',
      'begin atomic',
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        for (const lexer of [new SqlLexer(text), new SqlReader(text)]) {
          let at = 0;
          while (lexer.next()) {
            expect(lexer.start).toBe(at);
            at = lexer.end;
          }
          expect(at).toBe(text.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
