import { expect, it } from 'vitest';
import { codes, scriptFile } from '../lint-text.ts';

const body = (...lines: readonly string[]) =>
  scriptFile(['class A {', 'async up() {', ...lines, '}', '}'].join('\n'));

it('a unique index before the duplicates are gone', async () => {
  const early = body(
    "await this.helper.createIndex('users', { email: 1 }, { unique: true });",
    "await this.helper.removeDuplicates('users', ['email']);",
  );
  expect(await codes(early)).toEqual(['GODWIT_LINT_UNIQUE_TOO_EARLY:3']);
});

it('the other way round is right, and an index that is not unique too', async () => {
  const right = body(
    "await helper.removeDuplicates('users', ['email']);",
    "await helper.createUniqueConstraint('users', ['email']);",
  );
  const plain = body(
    "await helper.createIndex('users', { email: 1 });",
    "await helper.removeDuplicates('users', ['email']);",
  );
  expect(await codes(right)).toEqual([]);
  expect(await codes(plain)).toEqual([]);
});
