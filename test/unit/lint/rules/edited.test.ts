import { expect, it } from 'vitest';
import { codes, lint, sqlFile } from '../lint-text.ts';

const base = (edited: readonly string[]) => ({
  base: { name: 'main', added: new Set<string>(), edited: new Set(edited) },
});

it('a migration of the base branch must not be edited, applied here or not', async () => {
  const file = { ...sqlFile('select 1;'), applied: true };
  const [finding] = await lint(file, base(['migrations/001_a.sql']));
  expect(finding).toMatchObject({ code: 'GODWIT_LINT_EDITED', severity: 'error' });
  expect(await codes(file, base(['migrations/000.sql']))).toEqual([]);
});

it('its companions may', async () => {
  const companion = { ...sqlFile('select 1;'), migration: undefined };
  expect(await codes(companion, base(['migrations/001_a.sql']))).toEqual([]);
});
