import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptLexer } from '../../../../src/core/text/script-lexer.ts';

function literals(text: string): string[] {
  const lexer = new ScriptLexer(text);
  const list: string[] = [];
  while (lexer.next()) {
    if (lexer.kind !== 'punct' && lexer.kind !== 'word')
      list.push(text.slice(lexer.start, lexer.end));
  }
  return list;
}

describe('ScriptLexer', () => {
  it.each<[string, string[]]>([
    ['a / b / c', []],
    ['x = /a"b/g.test(y)', ['/a"b/g']],
    ['f(/[/"]/, a)', ['/[/"]/']],
    ["return /a'/", ["/a'/"]],
    ['(a) / b / c', []],
    ['if (a) /b`/.test(c)', ['/b`/']],
    ['x.if (a) / b / c', []],
    ['a[b] / c / d', []],
    ['a++ / b / c', []],
    ['x! / y / z', []],
    ['x = {} / y / z', []],
    ['if (a) {} /b"/.test(c)', ['/b"/']],
    ['() => {}\n/b"/.test(c)', ['/b"/']],
    ['o.return / a / b', []],
    ['`a${ b / c / `d${/}/}` }e` / f', ['`a${', '`d${', '/}/', '}`', '}e`']],
    ['`\\${`', ['`\\${`']],
    ['`a${{ b: `}` }}c`', ['`a${', '`}`', '}c`']],
    ["'a\\'b' \"c\\\nd\"", ["'a\\'b'", '"c\\\nd"']],
    ["'unclosed\nb 'c'", ["'unclosed", "'c'"]],
    ['a /* b */ // c\n/d/', ['/* b */', '// c']],
    ['1_000n + .5 + 0xFFn + 1e-3 + 1..x', ['1_000n', '.5', '0xFFn', '1e-3', '1.']],
    ['#!/bin/x "\nfoo', []],
  ])('%s', (text, expected) => {
    expect(literals(text)).toEqual(expected);
  });

  it('leaves out nothing but white space', () => {
    const unit = fc.constantFrom(
      ...'a`\'"\\;-/*(){}[].:1 \n\r\t#$=>',
      '${',
      'if',
      'é',
      '😀',
      '//',
      '/*',
      '*/',
      '\u2028',
    );
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const lexer = new ScriptLexer(text);
        let at = text.startsWith('#!') ? lexer.end : 0;
        while (lexer.next()) {
          expect(text.slice(at, lexer.start).trim()).toBe('');
          expect(lexer.end).toBeGreaterThan(lexer.start);
          at = lexer.end;
        }
        expect(text.slice(at).trim()).toBe('');
      }),
      { numRuns: 2000 },
    );
  });
});
