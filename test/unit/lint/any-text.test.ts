import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lint, scriptFile, sqlFile, tables } from './lint-text.ts';

const PIECES = [
  ...['create table ', 'alter table ', 'a', '"b', '"', "'", '$$', '(', ')', ',', ';', '\n', '.'],
  ...['insert into ', 'password', ' values ', ': ', '= ', 'process.env.', '`', '${', '}', '{', '/'],
  ...[
    '-- godwit-lint: off ',
    '// godwit-lint: off X',
    '/*',
    '*/',
    'removeDuplicates(',
    'createIndex(',
  ],
  ...['updateMany({}', 'drop ', 'if exists ', 'on ', 'constraint ', 'é', '\\'],
];
const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((parts) => parts.join(''));

it('whatever a file holds, it is read, and places are in it', async () => {
  const more = {
    idempotent: true,
    exposedSchemas: ['public'],
    sizes: tables({ name: 'a', rows: 4e7 }),
  };
  await fc.assert(
    fc.asyncProperty(text, async (source) => {
      const lines = source.split('\n');
      for (const file of [sqlFile(source), scriptFile(source)]) {
        for (const { where } of await lint(file, more)) {
          if (where.line === undefined) continue;
          expect(where.line).toBeLessThanOrEqual(lines.length);
          const { length } = lines[where.line - 1] ?? '';
          expect(where.character ?? 1).toBeLessThanOrEqual(length + 1);
        }
      }
    }),
    { numRuns: 300 },
  );
});
