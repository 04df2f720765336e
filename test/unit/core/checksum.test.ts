import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizedChecksum, rawChecksum } from '../../../src/core/checksum.ts';

const sql = (text: string) => normalizedChecksum(text, 'sql');
const script = (text: string) => normalizedChecksum(text, 'script');

describe('rawChecksum', () => {
  it('is SHA-256 in hex, of bytes and of text alike', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(rawChecksum('')).toBe(empty);
    expect(rawChecksum(Buffer.from('é'))).toBe(rawChecksum('é'));
  });
});

describe('normalizedChecksum of SQL', () => {
  it.each([
    ['select $$ a\n $$', 'select $$ a\r\n $$'],
    ['select 1', '\ufeff select\r\n\t1 ; -- one\n/* two /* three */ */;'],
    ["select a+b, c->>'x'", "SELECT a + b,\n c ->> 'x';"],
    ['select 1;;select 2', 'select 1;\nselect 2;'],
    ['select a*-1', 'select a * - 1'],
    ['copy t from stdin;\n1\t2\n\\.\n', 'copy  t from stdin; -- data\n1\t2\n\\.'],
  ])('%j is %j', (a, b) => {
    expect(sql(a)).toBe(sql(b));
  });

  it.each([
    ["select 'a b'", "select 'a  b'"],
    ["select 'A'", "select 'a'"],
    ['select "A"', 'select "a"'],
    ['select $$ a $$', 'select $$ a  $$'],
    ["select 'a' 'b'", "select 'ab'"],
    ["select 'a'\n'b'", "select 'a' 'b'"],
    ["select X'1F'", "select X '1F'"],
    ['select a < = b', 'select a <= b'],
    ['select ab', 'select a b'],
    ['select 1; select 2', 'select 1 select 2'],
    ["select E'\\' -- a'", "select E'\\' -- b'"],
    ['select 1', '-- godwit: no-transaction\nselect 1'],
    ['select ${a}b', 'select ${a} b'],
    ['select ${a}', 'select ${ a}'],
    ['copy t from stdin;\n1\t2\n\\.\n', 'copy t from stdin;\n1 2\n\\.\n'],
    ['copy t from stdin;\n-- x\n\\.\n', 'copy t from stdin;\n-- y\n\\.\n'],
  ])('%j is not %j', (a, b) => {
    expect(sql(a)).not.toBe(sql(b));
  });
});

describe('normalizedChecksum of scripts', () => {
  it.each([
    ['a(b, c)', '\ufeffa(\r\n  b, // b\n  c /* c */\r\n)\n'],
    ['const x = await a.b().c()', 'const x =\n  await a\n    .b()\n    .c()'],
    ['a && b', 'a &&\n b'],
    ['a ? b : c', 'a\n  ? b\n  : c'],
    ['if (a) b()', 'if (a)\n  b()'],
    ['if (a) { b(); } else { c(); }', 'if (a) {\n  b();\n}\nelse {\n  c();\n}'],
    ['f(async () => { a();\nb(); })', 'f(async () => {\n\n  a();\n  b();\n})'],
    ['`a\nb`', '`a\r\nb`'],
    ['#!/usr/bin/env node\nx', 'x'],
    ['f(a, [b, { c }])', 'f(\n  a,\n  [\n    b,\n    { c, },\n  ],\n)'],
    ['class A { static#a = 1 }', 'class A { static #a = 1 }'],
    ['x = a / b; // c /', 'x = a/b;'],
    [
      "module.exports = { up: async (db) => { await db.a('x') } }",
      "module.exports = {\n  up: async (db) => {\n    await db.a('x')\n  }\n}",
    ],
  ])('%j is %j', (a, b) => {
    expect(script(a)).toBe(script(b));
  });

  it.each([
    ['return a', 'return\na'],
    ['(function () { return [1] })', '(function () { return\n[1] })'],
    ['a\n++b', 'a++\nb'],
    ['a\nb', 'a b'],
    ['let x: y[a] = b', 'let x: y\n[a] = b'],
    ['`a ${b} c`', '`a ${b}  c`'],
    ['`a ${`x  y`} c`', '`a ${`x y`} c`'],
    ['x = /a  b/', 'x = /a b/'],
    ["x = /[/]  '/; y", "x = /[/] '/; y"],
    ['if (x) /a  b/.test(y)', 'if (x) /a b/.test(y)'],
    ["'a'", '"a"'],
    ['a + +b', 'a ++b'],
    ['// godwit: x\na', 'a'],
    ["'a\\\n b'", "'a\\\nb'"],
    ['ab', 'a\nb'],
    ['[,]', '[]'],
    ['[a,,]', '[a,]'],
    ['a, b', 'a b'],
    ['type\nX = 1', 'type X = 1'],
  ])('%j is not %j', (a, b) => {
    expect(script(a)).not.toBe(script(b));
  });
});

const SQL_TOKENS = [
  'select',
  'a',
  '"b c"',
  "'d -- e'",
  "E'\\' /* '",
  '$$ f; $$',
  '$t$ $$ $t$',
  '1',
  '1.5e-3',
  '+',
  '::',
  '(',
  ')',
  ',',
  ';',
  '->>',
  '$1',
  'é',
  "U&'x'",
  ':=',
];
const SQL_BLANKS = [' ', '\n', '\r\n', '\t', ' -- c\n', '/* c */', "/* /* n */ ' */"];
const SCRIPT_TOKENS = [
  'foo',
  'a',
  "'b // c'",
  '"d /* "',
  '`e ${ f } // g`',
  '1',
  '=',
  '(',
  ')',
  ',',
  ';',
  '.',
  '=>',
  '{',
  '}',
  '&&',
  'é',
  '`h ${`i`}`',
];
const SCRIPT_BLANKS = [' ', '\t', '/* c */', " /* ' */ ", '  '];

describe('properties', () => {
  const pieces = (tokens: string[], blanks: string[]) =>
    fc.array(
      fc.tuple(fc.constantFrom(...tokens), fc.constantFrom(...blanks), fc.constantFrom(...blanks)),
      { maxLength: 30 },
    );

  it.each([
    ['sql', SQL_TOKENS, SQL_BLANKS.filter((blank) => !/\n/.test(blank))],
    ['script', SCRIPT_TOKENS, SCRIPT_BLANKS],
  ] as const)(
    '%s: white space and comments between tokens change nothing',
    (language, tokens, blanks) => {
      fc.assert(
        fc.property(pieces([...tokens], [...blanks]), (list) => {
          const a = list.map(([token, blank]) => token + blank).join('');
          const b = list.map(([token, , blank]) => `${token}${blank} /* x */ `).join('');
          expect(normalizedChecksum(b, language)).toBe(normalizedChecksum(a, language));
        }),
        { numRuns: 500 },
      );
    },
  );

  it('sql: line breaks change nothing either, but between strings', () => {
    const tokens = SQL_TOKENS.filter((token) => !/^(?:\w&?)?'/.test(token));
    fc.assert(
      fc.property(pieces(tokens, SQL_BLANKS), (list) => {
        const a = list.map(([token, blank]) => token + blank).join('');
        const b = list.map(([token, , blank]) => `${token}${blank}`).join('');
        expect(sql(b)).toBe(sql(a));
      }),
      { numRuns: 500 },
    );
  });

  it.each(['sql', 'script'] as const)('%s: any change of a literal is seen', (language) => {
    const literal = fc.string({ unit: fc.constantFrom(...'ab -/*;é\t') });
    const wrap =
      language === 'sql'
        ? [
            (s: string) => `'${s}'`,
            (s: string) => `$$${s}$$`,
            (s: string) => `"${s}x"`,
            (s: string) => `E'${s}\\''`,
          ]
        : [
            (s: string) => `'${s}'`,
            (s: string) => `"${s}"`,
            (s: string) => `\`${s}\``,
            (s: string) => `\`\${ a }${s}\``,
          ];
    fc.assert(
      fc.property(
        literal,
        literal,
        fc.constantFrom(...wrap),
        fc.constantFrom('f(', 'x = ', ''),
        (a, b, quote, before) => {
          const [first, second] = [before, before].map((text, i) =>
            normalizedChecksum(`${text}${quote(i ? b : a)};`, language),
          );
          expect(first === second).toBe(a === b);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('token boundaries count', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'ab', "'a'", '1'), { minLength: 1 }),
        fc.array(fc.constantFrom('a', 'b', 'ab', "'a'", '1'), { minLength: 1 }),
        (a, b) => {
          expect(sql(a.join(' ')) === sql(b.join(' '))).toBe(a.join(' ') === b.join(' '));
          expect(script(a.join(' ')) === script(b.join(' '))).toBe(a.join(' ') === b.join(' '));
        },
      ),
    );
  });
});
