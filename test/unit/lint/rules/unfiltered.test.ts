import { expect, it } from 'vitest';
import { codes, lint, scriptFile, tables } from '../lint-text.ts';

const file = (call: string) => scriptFile(`export const up = (db) => ${call};`);
const sizes = tables(
  { name: 'visits', rows: 2_000_000 },
  { name: 'users', rows: 50_000 },
  { name: 'roles', rows: 5 },
);

it('goes by the live count of a collection that is named', async () => {
  const [finding] = await lint(file("db.collection('visits').updateMany({}, { $set: {} })"), {
    sizes,
  });
  expect(finding).toMatchObject({ code: 'GODWIT_LINT_UNFILTERED', severity: 'error' });
  expect(finding?.fix).toContain("collection: 'visits'");
  const [warning] = await lint(file("db.collection('users').deleteMany({})"), { sizes });
  expect(warning?.severity).toBe('warning');
});

it.each([
  "db.collection('roles').updateMany({}, {})",
  "db.collection('visits').updateMany({ a: 1 }, {})",
  'db.collection(name).updateMany({}, {})',
  "db.collection('unknown').deleteMany({})",
])('says nothing where it is not certain: %s', async (call) => {
  expect(await codes(file(call), { sizes })).toEqual([]);
});
