import { describe, expect, it } from 'vitest';
import type { LintFile } from '../../../../src/lint/file.ts';
import { codes, lint, scriptFile, sqlFile } from '../lint-text.ts';

const FOUND = 'GODWIT_LINT_PLAIN_PASSWORD';
const data = (file: string, text: string): LintFile => ({
  ...{ file, text, language: 'data', applied: false },
});

describe('a plain password in code', () => {
  it.each([
    "const u = { password: 'admin123' };",
    'const u = { \'password\': "admin123", a: 1 };',
    "user.password = 'admin123';",
    'const u = { userPassword: `admin123` };',
    "const p = process.env.ADMIN_PASSWORD || 'admin123';",
    "const u = { api_key: 'abcd1234' }",
  ])('%s', async (text) => {
    const [finding] = (await lint(scriptFile(text))).filter(({ code }) => code === FOUND);
    expect(finding).toMatchObject({ severity: 'error', where: { line: 1 } });
    expect(finding?.message).not.toMatch(/admin123|abcd1234/);
  });

  it.each([
    "const u = { password: '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy' };",
    "const u = { password: await hash('admin123', 10) };",
    "const u = { password: 'a' + salt };",
    "const s = { password: 'string' };",
    "const s = { password: { bsonType: 'string' } };",
    'const u = { password: process.env.ADMIN_PASSWORD };',
    "const u = { password: '<your password>' };",
    "if (password === 'admin123') fail();",
    "// password: 'admin123'",
    "const text = `password: 'admin123'`;",
    "const m = { password: 'Enter your new password, please' };",
  ])('not: %s', async (text) => {
    expect((await codes(scriptFile(text))).filter((code) => code.startsWith(FOUND))).toEqual([]);
  });
});

describe('in SQL', () => {
  it('by column, row by row', async () => {
    const text = `insert into users (email, "password") values
  ('a@b.c', 'admin123'),
  ('d@e.f', '$2b$10$N9qo8uLOickgx2ZMRZoMye'),
  ('g@h.i', crypt('admin123', gen_salt('bf'))),
  ('j@k.l', 'hunter22');
update users set password = 'letmein' where id = 1;
create role app login password 'letmein';`;
    expect(await codes(sqlFile(text))).toEqual([
      `${FOUND}:2`,
      `${FOUND}:5`,
      `${FOUND}:6`,
      `${FOUND}:7`,
    ]);
  });

  it('and nothing in comments, types and function bodies', async () => {
    const text = `-- password 'admin123'
create table users (password text not null, secret text default '');
create function f() returns text language sql as $$ select 'password = ''admin123''' $$;`;
    expect(await codes(sqlFile(text))).toEqual([]);
  });
});

describe('in data', () => {
  it('JSON, JSON lines and CSV', async () => {
    const json = '[\n  { "name": "x", "password": "admin123" }\n]';
    expect(await codes(data('seeds/users.json', json))).toEqual([`${FOUND}:2`]);
    expect(await codes(data('seeds/users.csv', 'name,password\nx,admin123\n'))).toEqual([
      `${FOUND}:2`,
    ]);
    expect(await codes(data('seeds/users.json', '{"password": "$2b$10$abcdefgh"}'))).toEqual([]);
  });
});
