import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LintReport } from '../../src/app/reports.ts';
import { project } from '../unit/config/project.ts';
import { godwit } from './terminal.ts';

const SAFE = 'create table if not exists users (id bigint primary key, name text);\n';
const codesOf = ({ findings }: LintReport): string[] =>
  findings.map(({ code, where }) => `${where.file} ${code}`);

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

describe('lint', () => {
  it('reads a folder without any config, and exits 1 for an error', async () => {
    const cwd = await project({
      'sql/001_users.sql': SAFE,
      'sql/001_users.down.sql': 'drop table if exists users;\n',
      'sql/002_admin.sql': "insert into users (id, password) values (1, 'admin123');\n",
    });
    const good = await godwit(['lint', 'sql/001_users.sql', '--json'], { cwd });
    expect(good.json()).toEqual({ findings: [], summary: { error: 0, warning: 0, info: 0 } });
    expect(good.code).toBe(0);
    const played = await godwit(['lint', 'sql', '--json'], { cwd });
    expect(played.code).toBe(1);
    const report = played.json<LintReport>();
    expect(codesOf(report)).toEqual([
      'sql/002_admin.sql GODWIT_LINT_NO_WAY_BACK',
      'sql/002_admin.sql GODWIT_LINT_PLAIN_PASSWORD',
    ]);
    expect(report.summary).toEqual({ error: 1, warning: 1, info: 0 });
    expect(report.findings[1]?.where).toEqual({
      file: 'sql/002_admin.sql',
      id: '002_admin',
      line: 1,
      character: 45,
    });
  });

  it('has nothing against the files of examples/moeen but two remarks', async () => {
    const args = ['lint', 'examples/moeen/migrations', '--json', '--offline'];
    const { code, json } = await godwit(args, { cwd: process.cwd(), env: {} });
    expect(code).toBe(0);
    const { findings } = json<LintReport>();
    expect(findings.map(({ severity }) => severity)).toEqual(['info', 'info']);
    expect(codesOf({ findings } as LintReport)).toMatchInlineSnapshot(`
      [
        "examples/moeen/migrations/010_chatbot_tables.sql squawk/prefer-bigint-over-int",
        "examples/moeen/migrations/020_crm_tables.sql squawk/ban-char-field",
      ]
    `);
  });

  it('takes ids, and checks from the severity that is asked for', async () => {
    const cwd = await project({
      'migrations/001_users.sql': SAFE,
      'migrations/002_name.sql': 'alter table users drop column name;\n',
      'seeds/users.json': '[{ "password": "admin123" }]',
    });
    expect((await godwit(['lint', '1'], { cwd })).code).toBe(0);
    expect((await godwit(['lint', '1', '--check', 'warning'], { cwd })).code).toBe(1);
    const { json } = await godwit(['lint', '002_name', '--json'], { cwd });
    expect(codesOf(json<LintReport>())).toEqual([
      'migrations/002_name.sql GODWIT_LINT_NO_WAY_BACK',
      'migrations/002_name.sql squawk/ban-drop-column',
    ]);
    const all = await godwit(['lint', '--json'], { cwd });
    expect(codesOf(all.json<LintReport>()).at(-1)).toBe(
      'seeds/users.json GODWIT_LINT_PLAIN_PASSWORD',
    );
    const unknown = await godwit(['lint', '009', '--json'], { cwd });
    expect(unknown.json()).toMatchObject({ error: { code: 'GODWIT_MIGRATION_UNKNOWN' } });
    expect(unknown.code).toBe(2);
  });

  it('writes text, SARIF and annotations', async () => {
    const cwd = await project({ 'migrations/001_a.sql': 'alter table users drop column name;\n' });
    const text = await godwit(['lint'], { cwd });
    expect(text.out).toContain('migrations/001_a.sql');
    expect(text.out).toMatch(/1:19 Dropping a column .* squawk\/ban-drop-column\n {4}Instead/);
    expect(text.out).toMatch(/2 warnings\n$/);
    const sarif = await godwit(['lint', '--output', 'sarif'], { cwd });
    expect(sarif.json()).toMatchObject({ version: '2.1.0', runs: [{ results: [{}, {}] }] });
    const github = await godwit(['lint', '--output', 'github'], { cwd });
    expect(github.out).toContain('::warning file=migrations/001_a.sql,line=1,col=19,title=squawk');
  });

  it('goes by the config', async () => {
    const cwd = await project({
      'godwit.config.json': JSON.stringify({
        exposedSchemas: ['public'],
        lint: {
          idempotent: true,
          squawk: false,
          rules: { GODWIT_LINT_NO_WAY_BACK: 'off', GODWIT_LINT_RLS_MISSING: 'error' },
        },
      }),
      'migrations/001_a.sql': 'create table users (a int);\n',
    });
    const { json } = await godwit(['lint', '--json'], { cwd });
    expect(json<LintReport>().findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['GODWIT_LINT_RLS_MISSING', 'error'],
      ['GODWIT_LINT_NOT_IDEMPOTENT', 'error'],
    ]);
    await write(cwd, { 'godwit.config.json': '{ "lint": { "rules": { "nope": "error" } } }' });
    const wrong = await godwit(['lint', '--json'], { cwd });
    expect(wrong.json()).toMatchObject({ error: { code: 'GODWIT_CONFIG_INVALID' } });
  });

  it('sees roles of an API without a config, and names files that are no migrations', async () => {
    const cwd = await project({
      'migrations/001_a.sql': 'create table a (b int);\ncreate policy p on a to anon using (true);',
      'migrations/002_a.sql': SAFE,
      'migrations/002_b.sql': SAFE,
    });
    const { json } = await godwit(['lint', '--json'], { cwd });
    const codes = new Set(codesOf(json<LintReport>()).map((one) => one.split(' ')[1]));
    expect([...codes]).toEqual(
      expect.arrayContaining(['GODWIT_LINT_FILE', 'GODWIT_LINT_RLS_MISSING']),
    );
  });

  it('an unreachable database is information', async () => {
    const cwd = await project({ 'migrations/001_a.sql': SAFE });
    const args = ['lint', '--json', '--url', 'postgres://u:s3cret@127.0.0.1:1/x'];
    const { code, out, json } = await godwit(args, { cwd });
    expect(code).toBe(0);
    expect(json<LintReport>().findings[0]).toMatchObject({
      code: 'GODWIT_LINT_NO_DATABASE',
      severity: 'info',
    });
    expect(out).not.toContain('s3cret');
    const offline = await godwit([...args, '--offline'], { cwd });
    expect(codesOf(offline.json<LintReport>())).toEqual([
      'migrations/001_a.sql GODWIT_LINT_NO_WAY_BACK',
    ]);
  });
});

describe('lint --since', () => {
  function git(cwd: string, ...words: string[]): void {
    const who = [
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@example.com',
      '-c',
      'commit.gpgsign=false',
    ];
    execFileSync('git', [...who, ...words], { cwd, stdio: 'pipe' });
  }

  it('compares with the branch that the files will be merged into', async () => {
    const cwd = await project();
    await rm(join(cwd, '.git'), { recursive: true });
    git(cwd, 'init', '-q', '-b', 'main');
    const down = 'select 1;\n';
    await write(cwd, {
      'app/migrations/001_a.sql': SAFE,
      'app/migrations/001_a.down.sql': down,
      'app/migrations/002_b.sql': SAFE,
      'app/migrations/003_gone.sql': SAFE,
    });
    git(cwd, 'add', '.');
    git(cwd, 'commit', '-qm', 'base');
    git(cwd, 'checkout', '-qb', 'feature');
    git(cwd, 'checkout', '-q', 'main');
    await write(cwd, {
      'app/migrations/005_theirs.sql': SAFE,
      'app/migrations/002_b.sql': 'select 2;',
    });
    git(cwd, 'add', '.');
    git(cwd, 'commit', '-qm', 'theirs');
    git(cwd, 'checkout', '-q', 'feature');
    await rm(join(cwd, 'app/migrations/003_gone.sql'));
    await write(cwd, {
      'app/migrations/001_a.sql': `${SAFE}select 1;\n`,
      'app/migrations/001_a.down.sql': 'drop table users;\n',
      'app/migrations/004_mine.sql': SAFE,
      'app/migrations/004_mine.down.sql': down,
      'app/migrations/006_later.sql': SAFE,
      'app/migrations/006_later.down.sql': down,
    });
    git(cwd, 'add', 'app/migrations/004_mine.sql');
    const args = ['lint', '--json', '--since', 'main', '--dir', 'migrations'];
    const { code, json } = await godwit(args, { cwd: join(cwd, 'app') });
    expect(codesOf(json<LintReport>())).toEqual([
      'migrations/003_gone.sql GODWIT_LINT_DELETED',
      'migrations/001_a.sql GODWIT_LINT_EDITED',
      'migrations/004_mine.sql GODWIT_LINT_ORDER',
    ]);
    expect(code).toBe(1);
    const unknown = await godwit(['lint', '--json', '--since', '--exec=x'], {
      cwd: join(cwd, 'app'),
    });
    expect(unknown.json()).toMatchObject({ error: { code: 'GODWIT_LINT_BASE_UNKNOWN' } });
  });

  it('needs a checkout', async () => {
    const cwd = await project({ 'migrations/001_a.sql': SAFE });
    const { code, json } = await godwit(['lint', '--json', '--since', 'main'], { cwd });
    expect(json()).toMatchObject({ error: { code: 'GODWIT_LINT_BASE_UNKNOWN' } });
    expect(code).toBe(2);
  });
});
