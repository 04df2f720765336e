import { expect, it } from 'vitest';
import { codes, lint, scriptFile, sqlFile } from '../lint-text.ts';

it('a migration that certainly has no down is one that cannot be reverted', async () => {
  const [finding] = await lint(sqlFile('select 1;', { reversible: false }));
  expect(finding).toMatchObject({
    code: 'GODWIT_LINT_NO_WAY_BACK',
    severity: 'warning',
    where: { file: 'migrations/001_a.sql', id: '001_a' },
    fix: 'write migrations/001_a.down.sql, or a -- godwit:down section',
  });
  expect(await codes(scriptFile('', { reversible: false }))).toEqual(['GODWIT_LINT_NO_WAY_BACK:']);
});

it('where only importing would tell, and for a baseline, nothing is said', async () => {
  expect(await codes(scriptFile('', { reversible: undefined }))).toEqual([]);
  expect(await codes(sqlFile('', { reversible: false, baseline: true }))).toEqual([]);
});
