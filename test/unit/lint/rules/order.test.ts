import { expect, it } from 'vitest';
import type { LintBase } from '../../../../src/lint/rule.ts';
import { codes, lint, sqlFile } from '../lint-text.ts';

const file = 'migrations/001_a.sql';
const base = (version: string, added: readonly string[] = [file]): LintBase => ({
  name: 'main',
  newest: { id: `${version}_z`, version },
  added: new Set(added),
  edited: new Set(),
});

it('a new file must come after the newest on the base branch, by number', async () => {
  const [finding] = await lint(sqlFile('', { version: '9' }), { base: base('10') });
  expect(finding).toMatchObject({ code: 'GODWIT_LINT_ORDER', severity: 'error' });
  expect(finding?.message).toContain('10_z, the newest on main');
  expect(await codes(sqlFile('', { version: '11' }), { base: base('10') })).toEqual([]);
});

it('a file that is there already is in nobody’s way', async () => {
  expect(await codes(sqlFile('', { version: '9' }), { base: base('10', []) })).toEqual([]);
});
