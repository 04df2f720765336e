import { describe, expect, it } from 'vitest';
import { codes, lint, scriptFile, sqlFile } from './lint-text.ts';

const promised = { idempotent: true };
const CODE = 'GODWIT_LINT_NOT_IDEMPOTENT';

describe('in SQL a comment switches off the statement', () => {
  it.each([
    [
      'before',
      `-- godwit-lint: off ${CODE} made once\ncreate table a (b int);\ncreate table c (d int);`,
      3,
    ],
    [
      'with more lines between',
      `/* godwit-lint: off ${CODE} */\n\n-- more\ncreate table a (\nb int\n);\ncreate table c (d int);`,
      7,
    ],
    [
      'behind it on its line',
      `create table a (b int); -- godwit-lint: off ${CODE} why\ncreate table c (d int);`,
      2,
    ],
    [
      'in it',
      `create table a (\n  b int -- godwit-lint: off ${CODE} why\n);\ncreate table c (d int);`,
      4,
    ],
    [
      'with several codes',
      `-- godwit-lint: off squawk/x, ${CODE} why\ncreate table a (b int);\ncreate table c (d int);`,
      3,
    ],
    [
      'with a star',
      `-- godwit-lint: off GODWIT_LINT_*\ncreate table a (b int);\ncreate table c (d int);`,
      3,
    ],
  ])('%s', async (_, text, left) => {
    expect(await codes(sqlFile(text), promised)).toEqual([`${CODE}:${left}`]);
  });

  it('not inside a string, and not another code', async () => {
    const text = `select '-- godwit-lint: off ${CODE}'; create table a (b int);
-- godwit-lint: off GODWIT_LINT_ORDER
create table c (d int);`;
    expect(await codes(sqlFile(text), promised)).toEqual([`${CODE}:1`, `${CODE}:3`]);
  });
});

it('off-file is for all of it, also for what has no line', async () => {
  const text = `create table a (b int);\n-- godwit-lint: off-file ${CODE}, GODWIT_LINT_NO_WAY_BACK gone\ncreate table c (d int);`;
  expect(await codes(sqlFile(text, { reversible: false }), promised)).toEqual([]);
});

it('in code it is its line, or the next one with code', async () => {
  const text = `const a = { password: 'admin123' }; // godwit-lint: off GODWIT_LINT_PLAIN_PASSWORD x
// godwit-lint: off GODWIT_LINT_PLAIN_PASSWORD sample
// another comment
const b = { password: 'admin123' };
const c = { password: 'admin123' };`;
  expect(await codes(scriptFile(text))).toEqual(['GODWIT_LINT_PLAIN_PASSWORD:5']);
});

it('one that is not understood switches nothing off, and says so', async () => {
  const found = await lint(
    sqlFile('-- godwit-lint: disable all\ncreate table a (b int);'),
    promised,
  );
  expect(found.map(({ code }) => code)).toEqual(['GODWIT_LINT_DIRECTIVE', CODE]);
});

it('the config gives a severity or drops a finding', async () => {
  const file = sqlFile('create table a (b int);', { reversible: false });
  const rules = { [CODE]: 'info', GODWIT_LINT_NO_WAY_BACK: 'off' } as const;
  const found = await lint(file, { ...promised, rules });
  expect(found.map(({ code, severity }) => [code, severity])).toEqual([[CODE, 'info']]);
});
