import { describe, expect, it } from 'vitest';
import { locateSquawk } from '../../../src/lint/squawk/locate.ts';
import { lint, sqlFile, tables } from './lint-text.ts';

const squawk = locateSquawk(process.cwd());
const tools = { squawk, secrets: false } as const;
const INDEX = 'squawk/require-concurrent-index-creation';

describe('squawk', () => {
  it('is found, and asked in one process for many files', async () => {
    expect(squawk).toMatch(/bin.squawk/);
    const found = await lint(sqlFile('create index i on users (a);'), { tools });
    expect(found.map(({ code }) => code)).toEqual([INDEX]);
    expect(found[0]).toMatchObject({
      severity: 'warning',
      where: { file: 'migrations/001_a.sql', id: '001_a', line: 1, character: 1, table: 'users' },
      fix: 'create index concurrently i on users (a)',
    });
  });

  it('places are those of the file, in characters', async () => {
    const text = 'select 1; -- é\nselect \'éé\'; create index "ü" on users (a);';
    const [finding] = await lint(sqlFile(text, {}), { tools });
    expect(finding?.where).toMatchObject({ line: 2, character: 14 });
    const section = {
      text,
      file: 'a.sql',
      line: 11,
      transaction: 'auto',
      variables: false,
    } as const;
    const [deeper] = await lint(sqlFile('', { up: section }), { tools });
    expect(deeper?.where).toMatchObject({ line: 12, character: 14 });
  });

  it.each([
    ['does not exist yet', tables(), 'info', 'there is no table users yet'],
    [
      'has 200 rows',
      tables({ name: 'users' }),
      'info',
      'users has about 200 rows, 64 kB: no danger',
    ],
    ['is small and busy', tables({ name: 'users', perSecond: 500 }), 'warning', '500 reads and'],
    ['is neither', tables({ name: 'users', rows: 100_000 }), 'warning', 'about 100,000 rows'],
    ['has 40 million', tables({ name: 'users', rows: 4e7 }), 'error', 'about 40 million rows'],
  ] as const)('a table that %s', async (_, sizes, severity, says) => {
    const found = await lint(sqlFile('create index i on public.users (a);'), { tools, sizes });
    expect(found.filter(({ severity: s }) => s === 'error').length).toBeLessThan(2);
    const finding = found.find(({ code }) => code === INDEX);
    expect(finding?.severity).toBe(severity);
    expect(finding?.message).toContain(says);
  });

  it('what breaks other clients is no matter of size', async () => {
    const [finding] = await lint(sqlFile('alter table users drop column a;'), {
      tools,
      sizes: tables({ name: 'users' }),
    });
    expect(finding).toMatchObject({ code: 'squawk/ban-drop-column', severity: 'warning' });
  });

  it('knows whether the file runs in a transaction, variables and psql’s lines', async () => {
    const text = '\\restrict abc\ncreate table ${name} (a text);\ncreate index i on ${name} (a);';
    const up = { text, file: 'a.sql', line: 1, transaction: 'auto', variables: true } as const;
    expect(await lint(sqlFile('', { up }), { tools })).toEqual([]);
  });

  it('one statement is not told of twice', async () => {
    const text = 'alter table a add foreign key (b) references c (d);';
    const found = await lint(sqlFile(text), { tools });
    expect(found.map(({ code }) => code)).toEqual(['squawk/adding-foreign-key-constraint']);
  });

  it('nor when godwit would say the same of a large table', async () => {
    const text = 'alter table users\n  add constraint c\n  check (a > 0);';
    const sizes = tables({ name: 'users', rows: 4e7 });
    const found = await lint(sqlFile(text), { tools, sizes });
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([
      ['squawk/constraint-missing-not-valid', 'error'],
    ]);
  });

  it('what it cannot read is an error', async () => {
    const [finding] = await lint(sqlFile('creat table a (b int);'), { tools });
    expect(finding).toMatchObject({ code: 'squawk/syntax-error', severity: 'error' });
  });
});

describe('without squawk', () => {
  it('is said once, as information, and the own rules go on', async () => {
    const file = sqlFile('create index i on visits (a);', { reversible: false });
    const without = { squawk: undefined, secrets: undefined };
    const found = await lint(file, { files: [file, file], tools: without });
    expect(found.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'info GODWIT_LINT_NO_SQUAWK',
      'info GODWIT_LINT_NO_SECRETLINT',
      'warning GODWIT_LINT_NO_WAY_BACK',
      'warning GODWIT_LINT_NO_WAY_BACK',
    ]);
    expect(found[0]?.fix).toBe('npm install --save-dev squawk-cli');
  });

  it('one that cannot be started is told of, and stops nothing', async () => {
    const file = sqlFile('create index i on visits (a);', { reversible: false });
    const found = await lint(file, { tools: { squawk: '/nowhere/squawk', secrets: false } });
    expect(found.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
      'warning GODWIT_LINT_NO_WAY_BACK',
      'warning GODWIT_LINT_NO_SQUAWK',
    ]);
  });
});
