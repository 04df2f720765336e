import { describe, expect, it } from 'vitest';
import { readLiteralProperties } from '../../../../src/core/text/literals.ts';

const NAMES = ['version', 'description', 'author', 'transaction'] as const;
const read = (source: string) => readLiteralProperties(source, NAMES);

describe('readLiteralProperties', () => {
  it.each<[string, string, Record<string, unknown>]>([
    [
      'module.exports',
      `module.exports = {\n  version: 1,\n  description: 'Create users',\n  up: async (db) => { const x = { author: 'no' }; },\n};`,
      { version: 1, description: 'Create users' },
    ],
    [
      'export default',
      `export default { version: 2, "description": "a", transaction: true, up() {} }`,
      { version: 2, description: 'a', transaction: true },
    ],
    [
      'a call',
      `import { defineMigration } from 'godwit';\nexport default defineMigration({ description: \`x\`, async up(ctx) { return { version: 9 }; }, author: 'me' });`,
      { description: 'x', author: 'me' },
    ],
    [
      'a call with type arguments',
      `export default defineMigration<{ description: 'no' }, Map<string, Set<a>>>({ description: 'yes' })`,
      { description: 'yes' },
    ],
    [
      'compiled CommonJS',
      `"use strict";\nexports.description = void 0;\nexports.default = (0, godwit_1.defineMigration)({ description: 'c' });`,
      { description: 'c' },
    ],
    [
      'named exports',
      `export const description = 'n'\nexport const version: number = -3;\nexport async function up(db) { this.author = 'x' }`,
      { description: 'n', version: -3 },
    ],
    [
      'exports.x',
      `exports.description = 'e';\nexports.up = async () => {};\nmodule.exports.author = 'a'`,
      { description: 'e', author: 'a' },
    ],
    ['chained', `exports = module.exports = { version: 4 }`, { version: 4 }],
    [
      'a constant exported later',
      `const migration: Migration = { version: 5, description: 'later' };\nconst other = { author: 'no' };\nexport default migration;`,
      { version: 5, description: 'later' },
    ],
    ['an export list', `const m = { version: 6 };\nexport { m as default };`, { version: 6 }],
    [
      'a class',
      `class AddX extends MigrationBase {\n  constructor(mongoose) {\n    super(mongoose);\n    this.description = 'cls';\n    if (a) { this.version = 1 }\n    this.hook = () => { this.author = 'no' };\n  }\n  async up() { this.author = 'no'; }\n}\nmodule.exports = AddX;`,
      { description: 'cls' },
    ],
    [
      'a class that is exported by name',
      `class A { constructor() { this.version = 7 } }\nexports.A = A;`,
      { version: 7 },
    ],
    [
      'a class with fields',
      `export default class implements Migration {\n  readonly description: string = 'f';\n  static version = 8\n  up() { const author = 'no'; }\n}`,
      { description: 'f', version: 8 },
    ],
    [
      'escapes',
      `export const description = 'it\\'s \\u00e9 \\u{1F600}\\n'`,
      { description: "it's é 😀\n" },
    ],
    [
      'satisfies',
      `export default { description: 'q' as const, version: 1_000 } satisfies M`,
      { description: 'q', version: 1000 },
    ],
    [
      'first wins',
      `module.exports = { version: 1, version: 2 }; exports.version = 3`,
      { version: 1 },
    ],
  ])('%s', (_, source, expected) => {
    expect(read(source)).toEqual(expected);
  });

  it.each([
    [
      'computed',
      `module.exports = { description: 'a' + b, version: next(), author: \`\${me}\`, transaction: !1 }`,
    ],
    ['a method call', `module.exports = { description: 'a'.trim() }`],
    ['a conditional', `export const description = x ? 'a' : 'b'`],
    [
      'nested',
      `module.exports = { meta: { description: 'no', version: 1 }, up: () => ({ author: 'no' }) }`,
    ],
    ['in a comment', `// description: 'no'\nmodule.exports = { /* version: 1 */ up() {} }`],
    [
      'in a string',
      `module.exports = { x: "description: 'no'", y: \`version: 1, \${{ version: 2 }}\` }`,
    ],
    [
      'in a function',
      `function description() { exports.description = 'no'; }\nexport default (version) => { module.exports = { author: 'no' } }`,
    ],
    ['not exported', `const other = { description: 'no' };\nexport default {}`],
    ['bigint and octal', `exports.version = 1n; exports.author = 010`],
    ['broken', `module.exports = { description: 'no`],
  ])('leaves out: %s', (_, source) => {
    expect(read(source)).toEqual({});
  });

  it('is not led astray by regular expressions', () => {
    const source = `const re = /['"\`{]/g; const n = a / b / c;\nmodule.exports = { up() { return x.replace(/}/, '') }, description: 'ok' }`;
    expect(read(source)).toEqual({ description: 'ok' });
  });
});
