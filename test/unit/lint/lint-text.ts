import type { LintFile, LintMigration } from '../../../src/lint/file.ts';
import { type LintRequest, lintFiles } from '../../../src/lint/lint.ts';
import { Sizes } from '../../../src/lint/sizes.ts';
import type { TableActivity } from '../../../src/ports/activity.ts';
import type { Finding } from '../../../src/ports/finding.ts';

export function sqlFile(text: string, more: Partial<LintMigration> = {}): LintFile {
  const file = 'migrations/001_a.sql';
  const up = { text, file, line: 1, transaction: 'auto' as const, variables: false };
  const about = { id: '001_a', version: '1', reversible: true, baseline: false };
  const migration = { ...about, idempotent: false, inTransaction: true, up, ...more };
  return { file, text, language: 'sql', applied: false, migration };
}

export function scriptFile(text: string, more: Partial<LintMigration> = {}): LintFile {
  const about = { id: '002_b', version: '2', reversible: true, baseline: false };
  const migration = { ...about, idempotent: false, inTransaction: true, ...more };
  return { file: 'migrations/002_b.js', text, language: 'script', applied: false, migration };
}

/** Lints one file with godwit's own rules, unless tools are given. */
export function lint(file: LintFile, more: Partial<LintRequest> = {}): Promise<Finding[]> {
  return lintFiles({
    root: process.cwd(),
    files: [file],
    all: [file],
    tools: { squawk: false, secrets: false },
    rules: {},
    idempotent: false,
    exposedSchemas: [],
    ...more,
  });
}

export async function codes(file: LintFile, more?: Partial<LintRequest>): Promise<string[]> {
  return (await lint(file, more)).map(({ code, where }) => `${code}:${where.line ?? ''}`);
}

export function tables(...rows: readonly (Partial<TableActivity> & { name: string })[]): Sizes {
  return new Sizes(rows.map((row) => ({ rows: 200, bytes: 65_536, ...row })));
}
