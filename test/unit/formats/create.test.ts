import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareVersions, splitVersionedName } from '../../../src/core/ordering.ts';
import { type NewMigrationOptions, renderNewMigration } from '../../../src/formats/create.ts';
import { parseFileName } from '../../../src/formats/file-names.ts';
import type * as FolderSource from '../../../src/formats/folder-source.ts';
import type { CodeBody, StepCall } from '../../../src/ports/migration.ts';
import { bundle, importNatively } from './native-loader.ts';
import { tempFolder } from './temp-folder.ts';

const NOW = new Date('2026-03-04T05:06:07.089Z');

function render(options: Partial<NewMigrationOptions> = {}) {
  const all = { name: 'add users', existing: [], driver: 'mongodb' as const, now: NOW, ...options };
  return renderNewMigration(all).files;
}

function paths(options: Partial<NewMigrationOptions> = {}): string[] {
  return render(options).map((file) => file.path);
}

describe('renderNewMigration', () => {
  it.each(['class', 'module'])('requires in a folder of %s migrations, as they do', (of) => {
    const [file] = render({ format: 'godwit', newestFormat: of, existing: ['001_first.js'] });
    expect(file?.path).toBe('002_add_users.js');
    expect(file?.content).toContain('module.exports = defineMigration({');
    const [esm] = render({ format: 'godwit', newestFormat: 'godwit', existing: ['001_first.js'] });
    expect(esm?.content).toContain('export default defineMigration({');
  });

  it.each<[string, Partial<NewMigrationOptions>, string[]]>([
    ['an empty folder, MongoDB', {}, ['20260304050607_add_users.ts']],
    [
      'an empty folder, PostgreSQL',
      { driver: 'postgres' },
      ['20260304050607_add_users.sql', '20260304050607_add_users.down.sql'],
    ],
    ['an empty folder, numbers', { versions: 'number' }, ['001_add_users.ts']],
    ['an empty folder, modules', { format: 'module' }, ['001_add_users.js']],
    [
      'guide 3',
      { existing: ['server/migrations/001_a.js', 'server/migrations/003_c.js'], format: 'module' },
      ['004_add_users.js'],
    ],
    ['a folder of numbers', { existing: ['0009-a.mts', '0010-b.mts'] }, ['0011-add-users.mts']],
    [
      'a width that is full',
      { existing: ['099_a.ts', '100_b.ts', '999_c.ts'] },
      ['1000_add_users.ts'],
    ],
    [
      '.up.sql',
      { existing: ['7_a.up.sql'], driver: 'postgres' },
      ['8_add_users.up.sql', '8_add_users.down.sql'],
    ],
    [
      'dotted versions',
      { existing: ['1.9__a.sql'], driver: 'pglite' },
      ['1.10__add_users.sql', '1.10__add_users.down.sql'],
    ],
    ['minutes', { existing: ['202601010101_a.js'] }, ['202603040506_add_users.js']],
    [
      'milliseconds of the epoch',
      { existing: ['1700000000000_a.js'] },
      [`${NOW.getTime()}_add_users.js`],
    ],
    [
      'seconds of the epoch',
      { existing: ['1700000000_a.cjs'] },
      [`${NOW.getTime() / 1000 - 0.089}_add_users.cjs`],
    ],
    ['17 digits', { existing: ['20260101010101000_a.js'] }, ['20260304050607089_add_users.js']],
    ['dashes', { existing: ['2026-01-01T01-01-01_a.ts'] }, ['2026-03-04T05-06-07_add_users.ts']],
    [
      'a number after timestamps',
      { existing: ['20260101010101_a.ts'], versions: 'number' },
      ['20260304050607_add_users.ts'],
    ],
    [
      'a timestamp after numbers',
      { existing: ['001_a.ts'], versions: 'timestamp' },
      ['20260304050607_add_users.ts'],
    ],
    [
      'a taken second',
      { existing: ['20260304050607_a.ts', '20260304050608_a.ts'] },
      ['20260304050609_add_users.ts'],
    ],
    ['another language', { existing: ['001_a.ts'], language: 'cjs' }, ['002_add_users.cjs']],
    [
      'SQL among code',
      { existing: ['001_a.ts'], language: 'sql', driver: 'postgres' },
      ['002_add_users.sql', '002_add_users.down.sql'],
    ],
    [
      'a name in other letters',
      { name: 'Größe ändern: 用户!', versions: 'number' },
      ['001_größe_ändern_用户.ts'],
    ],
    [
      'a name that looks like a date',
      { existing: ['1999-a.ts'], name: '01-02' },
      ['2000_01-02.ts'],
    ],
  ])('%s', (_, options, expected) => expect(paths(options)).toEqual(expected));

  it.each<[string, Partial<NewMigrationOptions>]>([
    ['no letters', { name: ' ./ ' }],
    ['a long name', { name: 'x'.repeat(101) }],
    ['an unknown format', { format: 'goose' }],
    ['SQL as a module', { format: 'module', language: 'sql' }],
    ['TypeScript as SQL', { format: 'sql', language: 'ts' }],
  ])('refuses %s', (_, options) => {
    expect(() => render(options)).toThrow(expect.objectContaining({ code: 'GODWIT_USAGE' }));
  });

  it('gives every folder a next file that sorts last and reads back', () => {
    const number = fc
      .integer({ min: 0, max: 99999 })
      .chain((n) => fc.integer({ min: 1, max: 6 }).map((width) => String(n).padStart(width, '0')));
    const written = fc.oneof(
      number,
      fc.constantFrom('1.2', '20240115103000', '2024-01-15T10-30-00', '1700000000000', '0'),
    );
    const name = fc.oneof(
      fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
      fc.constantFrom('2fa', '01-02-03', 'down', 'x.down', 'a.test', '9'),
    );
    const existing = fc.array(
      fc.tuple(written, fc.constantFrom('_', '-', '__'), fc.constantFrom('.ts', '.sql', '.js')),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(
        existing,
        name,
        fc.constantFrom('timestamp', 'number', undefined),
        (parts, typed, versions) => {
          fc.pre(/[\p{L}\p{N}]/u.test(typed.normalize('NFC')));
          const names = parts.map(
            ([version, separator, extension]) => `${version}${separator}x${extension}`,
          );
          const [first] = render({ existing: names, name: typed, versions });
          const parsed = parseFileName(first?.path ?? '');
          if (!parsed || 'unreadable' in parsed) throw new Error(`unreadable: ${first?.path}`);
          for (const other of names) {
            const version =
              splitVersionedName(other.slice(0, other.lastIndexOf('.')))?.version ?? '';
            expect(
              compareVersions(parsed.version, version),
              `${first?.path} after ${other}`,
            ).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});

describe('what was rendered', () => {
  let native: typeof FolderSource;
  beforeAll(async () => {
    native = await importNatively<typeof FolderSource>('src/formats/folder-source.ts');
  });

  it.each<[Partial<NewMigrationOptions>]>([
    [{ language: 'ts' }],
    [{ language: 'js' }],
    [{ language: 'mjs', driver: 'postgres' }],
    [{ language: 'cjs' }],
    [{ format: 'module' }],
    [{ format: 'module', language: 'ts' }],
    [{ format: 'module', language: 'ts', driver: 'pglite' }],
    [{ format: 'module', language: 'mjs', versions: 'timestamp' }],
  ])('is listed and runs: %j', async (options) => {
    const files = render({ name: 'It\'s `new` "users"', versions: 'number', ...options });
    const root = tempFolder({
      'node_modules/godwit/package.json':
        '{"name":"godwit","type":"module","exports":"./index.js"}',
      ...Object.fromEntries(files.map(({ path, content }) => [path, content])),
    });
    await bundle('src/formats/define-migration.ts', `${root}/node_modules/godwit/index.js`);
    const { migrations, problems } = await native.folderSource({ root, dirs: ['.'] }).list();
    expect(problems).toEqual([]);
    expect(migrations).toMatchObject([
      { description: 'it s new users', reversible: true, format: options.format ?? 'godwit' },
    ]);
    const body = (await migrations[0]?.load()) as CodeBody;
    const ctx = { log: () => {}, migration: { id: migrations[0]?.id } };
    const call = { ctx, positional: [{}, {}, ctx] } as unknown as StepCall;
    await body.up(call);
    await expect(body.down?.(call)).rejects.toThrow(/down of \S+ is not written yet/);
  });

  it('is SQL whose down counts as not written', async () => {
    const files = render({ driver: 'postgres' });
    const root = tempFolder(Object.fromEntries(files.map(({ path, content }) => [path, content])));
    const { migrations, problems } = await native.folderSource({ root, dirs: ['.'] }).list();
    expect(problems).toEqual([]);
    expect(migrations).toMatchObject([
      { version: '20260304050607', description: 'add users', reversible: false },
    ]);
  });
});
