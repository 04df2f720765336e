import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFileName } from '../../../src/formats/file-names.ts';
import { compileIgnore, isIgnoredFolder } from '../../../src/formats/ignore-pattern.ts';

describe('parseFileName', () => {
  it.each([
    [
      '001_create_users.js',
      {
        stem: '001_create_users',
        version: '1',
        name: 'create_users',
        role: 'main',
        extension: '.js',
      },
    ],
    ['001.js', { stem: '001', version: '1', name: '', role: 'main' }],
    ['001__a.b-c.ts', { version: '1', name: 'a.b-c' }],
    ['1.2_a.mts', { version: '1.2', name: 'a' }],
    ['20240115103000-a.cts', { version: '20240115103000', name: 'a' }],
    ['2024-01-15T10-30-00_a.mjs', { version: '20240115103000', name: 'a' }],
    ['010_a.up.sql', { stem: '010_a', role: 'up' }],
    ['010_a.down.sql', { stem: '010_a', role: 'down' }],
    ['010_a.verify.sql', { stem: '010_a', role: 'verify' }],
    ['010.down.sql', { stem: '010', role: 'down' }],
    ['010_A.SQL', { stem: '010_A', role: 'main', extension: '.sql' }],
    ['010_down.sql', { stem: '010_down', role: 'main' }],
    ['010_größe ändern.sql', { name: 'größe ändern' }],
  ])('reads %s', (base, expected) => expect(parseFileName(base)).toMatchObject(expected));

  it.each([
    'README.md',
    'migration.js',
    'a1.sql',
    '001_a.d.ts',
    '001_a.d.mts',
    '001_a.js.map',
    '001_a.test.ts',
    '001_a.spec.js',
    '001_a.test.sql',
    '001_a.json',
    '001_a',
    '001_a.sql.bak',
    '.sql',
    '_1.sql',
  ])('leaves %s alone', (base) => expect(parseFileName(base)).toBeUndefined());

  it.each([
    ['001create.js', 'rename it to 001_create.js'],
    ['20240101x.sql', 'rename it to 20240101_x.sql'],
    ['001_a.down.ts', 'put them together in 001_a.ts'],
    ['001_a.TS', 'rename it to 001_a.ts'],
  ])('says what to do about %s', (base, fix) => {
    expect(parseFileName(base)).toMatchObject({ fix: expect.stringContaining(fix) });
  });

  it('reads back every name that is put together from its parts', () => {
    const version = fc.integer({ min: 0, max: 10 ** 15 });
    const name = fc
      .stringMatching(/^[\p{L}_][\p{L}\p{N}_ .-]{0,20}$/u)
      .filter((text) => !/\.(?:up|down|verify|test|spec|d)$/i.test(text) && !text.startsWith('_'));
    const extension = fc.constantFrom('.ts', '.mts', '.cts', '.js', '.mjs', '.cjs', '.sql');
    fc.assert(
      fc.property(
        version,
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('_', '__', '-'),
        name,
        extension,
        (number, width, separator, text, ext) => {
          const base = `${String(number).padStart(width, '0')}${separator}${text}${ext}`;
          expect(parseFileName(base)).toEqual({
            stem: base.slice(0, -ext.length),
            version: String(number),
            name: text,
            role: 'main',
            extension: ext,
          });
        },
      ),
    );
  });

  it('never throws, and never reads a version that does not begin the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (base) => {
        const parsed = parseFileName(base);
        if (!/^\d/.test(base)) expect(parsed).toBeUndefined();
      }),
    );
  });
});

describe('compileIgnore', () => {
  it.each([
    ['*.sql', 'a.sql', 'x/a.sql', true],
    ['a.sql', 'b.sql', 'a.sql/b.sql', false],
    ['old', 'old', 'x/old', true],
    ['x/*.sql', 'a.sql', 'x/a.sql', true],
    ['x/*.sql', 'a.sql', 'x/y/a.sql', false],
    ['x/**/*.sql', 'a.sql', 'x/a.sql', true],
    ['x/**/*.sql', 'a.sql', 'x/y/z/a.sql', true],
    ['**/z/**', 'a.sql', 'x/z/a.sql', true],
    ['/x/a.{sql,js}', 'a.js', 'x/a.js', true],
    ['a+(b).sql', 'a+(b).sql', 'a+(b).sql', true],
    ['{a', 'a', 'a', true],
    ['?.sql', 'ab.sql', 'ab.sql', false],
  ])('%s: %s at %s is %s', (pattern, base, path, expected) => {
    expect(compileIgnore([pattern])(base, path)).toBe(expected);
  });

  it('knows folders that hold no migrations', () => {
    expect(['node_modules', '.git', 'templates', 'utils', '__tests__'].every(isIgnoredFolder)).toBe(
      true,
    );
    expect(['pending', 'v1', 'sub'].some(isIgnoredFolder)).toBe(false);
  });
});
