import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type * as FolderSource from '../../../src/formats/folder-source.ts';
import type { CodeBody, Migration, StepCall } from '../../../src/ports/migration.ts';
import { bundle, importNatively } from './native-loader.ts';
import { addFiles, tempFolder } from './temp-folder.ts';

let native: typeof FolderSource;

beforeAll(async () => {
  native = await importNatively<typeof FolderSource>('src/formats/folder-source.ts');
});

async function listAt(root: string): Promise<Migration[]> {
  const listing = await native.folderSource({ root, dirs: ['.'] }).list();
  expect(listing.problems).toEqual([]);
  return [...listing.migrations];
}

async function loadOne(files: Record<string, string>): Promise<CodeBody> {
  const [migration] = await listAt(tempFolder(files));
  return (await migration?.load()) as CodeBody;
}

async function errorOf(files: Record<string, string>): Promise<Record<string, unknown>> {
  const error = await loadOne(files).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeDefined();
  return error as Record<string, unknown>;
}

const CALL = { ctx: { db: 'ctx' }, positional: ['db', 'client', 'ctx'] } as unknown as StepCall;
const OBJECT = '{ async up(...args) { return args; }, down: () => 2 }';
const NAMED = 'export const up = async (...args) => args;\nexport const down = () => 2;';
const ESM_PACKAGE = { 'package.json': '{"type":"module"}' };

describe('loading code migrations', () => {
  it.each([
    ['001_x.cjs', `module.exports = ${OBJECT};`, {}],
    ['001_x.js', `module.exports = ${OBJECT};`, {}],
    ['001_x.js', `module.exports = ${OBJECT};`, ESM_PACKAGE],
    ['001_x.js', `const p = require('node:path');\nmodule.exports = ${OBJECT};`, ESM_PACKAGE],
    ['001_x.js', `import 'node:path';\nmodule.exports = ${OBJECT};`, {}],
    ['001_x.js', `exports.up = (...args) => args;\nexports.down = () => 2;`, {}],
    [
      '001_x.js',
      `Object.defineProperty(exports, '__esModule', { value: true });\nexports.default = ${OBJECT};`,
      {},
    ],
    ['001_x.mjs', NAMED, {}],
    ['001_x.mjs', `export default ${OBJECT};`, {}],
    ['001_x.js', NAMED, {}],
    ['001_x.js', `await 1;\n${NAMED}`, {}],
    ['001_x.js', `const up = (...args) => args, down = () => 2; export { up, down };`, {}],
    ['001_x.js', NAMED, ESM_PACKAGE],
    ['001_x.js', `export default ${OBJECT};`, ESM_PACKAGE],
    ['001_x.ts', `type A = unknown;\n${NAMED.replace('...args', '...args: A[]')}`, {}],
    ['001_x.ts', `enum E { A }\nexport default ${OBJECT} as object;`, ESM_PACKAGE],
    ['001_x.ts', `const one: number = 1;\nmodule.exports = ${OBJECT};`, {}],
    ['001_x.ts', `export = ${OBJECT};`, {}],
    [
      '001_x.mts',
      `await Promise.resolve<number>(1);\nexport default ${OBJECT} satisfies object;`,
      {},
    ],
    ['001_x.cts', `const one: number = 1;\nmodule.exports = ${OBJECT};`, {}],
  ])('%s: %s %j', async (name, source, files) => {
    const body = await loadOne({ ...files, [name]: source });
    expect(await body.up(CALL)).toEqual(['db', 'client', 'ctx']);
    expect(await body.down?.(CALL)).toBe(2);
    expect(body).toMatchObject({ type: 'code', transaction: 'auto', idempotent: false });
  });

  it('gives the context to what defineMigration made, imported or required', async () => {
    const root = tempFolder({
      'node_modules/godwit/package.json':
        '{"name":"godwit","type":"module","exports":"./index.js"}',
      '001_a.ts': `import { defineMigration } from 'godwit';\nexport default defineMigration({ description: 'A', transaction: true, up: (ctx: unknown) => [ctx] });`,
      '002_b.cjs': `const { defineMigration } = require('godwit');\nmodule.exports = defineMigration({ idempotent: true, transaction: false, up: (...args) => args, verify: () => 3 });`,
      '003_c.mjs': `import { defineMigration } from 'godwit';\nexport default defineMigration({ author: 'C', up: (...args) => args, down: null });`,
    });
    await bundle('src/formats/define-migration.ts', join(root, 'node_modules/godwit/index.js'));
    const migrations = await listAt(root);
    expect(
      migrations.map(({ transaction, idempotent, reversible }) => [
        transaction,
        idempotent,
        reversible,
      ]),
    ).toEqual([
      ['always', undefined, false],
      ['never', true, false],
      [undefined, undefined, false],
    ]);
    const bodies = await Promise.all(migrations.map((one) => one.load() as Promise<CodeBody>));
    for (const body of bodies) expect(await body.up(CALL)).toEqual([{ db: 'ctx' }]);
    expect(bodies).toMatchObject([
      { description: 'A', transaction: 'always', down: undefined },
      { idempotent: true, transaction: 'never' },
      { author: 'C', down: undefined },
    ]);
    expect(await bodies[1]?.verify?.(CALL)).toBe(3);
  });

  it('imports what a TypeScript migration imports, TypeScript too', async () => {
    const body = await loadOne({
      '001_x.ts': `import { two } from './lib/two.ts';\nimport { three } from './lib/three';\nimport { four } from './lib/four.js';\nexport const up = () => two + three + four;`,
      'lib/two.ts': 'export const two: number = 2;',
      'lib/three.ts': 'export const three: number = 3;',
      'lib/four.js': 'exports.four = 4;',
    });
    expect(await body.up(CALL)).toBe(9);
  });

  it('knows the path aliases of tsconfig.json, and lives with a broken one', async () => {
    const body = await loadOne({
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } /* c */ }',
      'migrations/001_x.ts': "import { one } from '@/one';\nexport const up = () => one;",
      'src/one.ts': 'export const one: number = 1;',
    });
    expect(await body.up(CALL)).toBe(1);
    const other = await loadOne({
      'tsconfig.json': '{ "extends": "./nowhere.json", ',
      '001_x.ts': 'export const up = (): number => 2;',
    });
    expect(await other.up(CALL)).toBe(2);
  });

  it('calls up as a method, and runs in folders with odd names', async () => {
    const body = await loadOne({
      'mit Leerzeichen/ünï#?%41/001_x.js':
        'module.exports = { one: 1, up() { return this.one; } };',
    });
    expect(await body.up(CALL)).toBe(1);
  });

  it('loads an edited file anew', async () => {
    for (const name of ['001_x.cjs', '001_x.mjs', '001_x.ts']) {
      const source = (value: number) =>
        name === '001_x.cjs' ? `exports.up = () => ${value};` : `export const up = () => ${value};`;
      const root = tempFolder({ [name]: source(1) });
      const load = async () => {
        const [migration] = await listAt(root);
        const body = (await migration?.load()) as CodeBody;
        return body.up(CALL);
      };
      expect(await load()).toBe(1);
      writeFileSync(join(root, name), source(2));
      expect(await load()).toBe(2);
      writeFileSync(join(root, name), `${source(3)}\nthrow new Error('no');`);
      await expect(load()).rejects.toMatchObject({ code: 'GODWIT_IMPORT_FAILED' });
      writeFileSync(join(root, name), source(4));
      expect(await load()).toBe(4);
    }
  });

  it('refuses a file that was edited after it was listed', async () => {
    const root = tempFolder({ '001_x.js': 'exports.up = () => 1;' });
    const [migration] = await listAt(root);
    addFiles(root, { '001_x.js': 'exports.up = () => 2;' });
    await expect(migration?.load()).rejects.toMatchObject({ code: 'GODWIT_PLAN_CHANGED' });
  });

  it('adds a .verify.sql to a code migration', async () => {
    const body = await loadOne({
      '001_x.js': `exports.up = () => {};`,
      '001_x.verify.sql': `select '\${who}' as who;`,
    });
    const rows = (found: unknown[]) =>
      ({ ctx: { query: async () => ({ rows: found }), variables: {} } }) as unknown as StepCall;
    await body.verify?.(rows([]));
    await expect(body.verify?.(rows([{ id: 7 }]))).rejects.toMatchObject({
      code: 'GODWIT_VERIFY_FAILED',
      message: expect.stringContaining('{"id":7}'),
    });
    // The runner asks for this before anything runs on a database without SQL.
    expect(body.verifyFile).toBe('001_x.verify.sql');
  });
});

describe('what cannot be imported', () => {
  it.each([
    ['001_x.js', 'module.exports = {\n  up() {\n    const x = ;\n  },\n};', 3, 15],
    ['001_x.mjs', 'export const up = () => {\n  const x = ;\n};', 2, 13],
    ['001_x.ts', 'interface X {}\nexport const up = () => {\n  const x: = 1;\n};', 3, 12],
    ['001_x.js', 'export const up = () => {\n  const x = ;\n};', 2, 13],
    ['001_x.cjs', 'const a = 1;\nnull.foo;', 2, 6],
    ['001_x.mjs', 'const a = 1;\nnull.foo;', 2, 6],
    ['001_x.ts', 'interface X {}\n\nconst a: X = null!;\nnull!.foo;', 4, 6],
    ['001_x.mjs', "\nimport { nothere } from 'node:fs';\nexport const up = 1;", 2, 10],
  ])('%s: %j fails at %i:%i', async (name, source, line, column) => {
    const error = await errorOf({ [name]: source });
    expect(error).toMatchObject({
      code: 'GODWIT_IMPORT_FAILED',
      where: { file: name, line, column },
    });
    expect(String(error['message'])).toMatch(
      new RegExp(`^${name}:${line} cannot be imported: \\S`),
    );
  });

  it.each([
    ['001_x.js', "\nrequire('nope-nope/sub');", 'npm install nope-nope'],
    ['001_x.mjs', "import x from '@no/pe/sub';", 'npm install @no/pe'],
    ['001_x.ts', "import x from 'nope-nope';\nexport const up = () => x;", 'npm install nope-nope'],
    ['001_x.js', "require('./nope');", 'correct 001_x.js, then run the same command again'],
  ])('%s: %j says: %s', async (name, source, next) => {
    expect(await errorOf({ [name]: source })).toMatchObject({
      code: 'GODWIT_IMPORT_FAILED',
      next: [next],
    });
  });

  it.each([
    ['001_x.js', 'module.exports = {};', 'no exports'],
    ['001_x.js', 'exports.run = () => {};', 'found run (function)'],
    ['001_x.js', "exports.up = 'x';", 'found up (string)'],
    ['001_x.js', 'module.exports = class Migration1 {};', 'a class Migration1'],
    ['001_x.mjs', 'export default async function run() {}', 'as default export a function run'],
    ['001_x.js', 'exports.up = () => {};\nexports.down = 3;', 'its down is the number 3'],
    [
      '001_x.js',
      "exports.up = () => {};\nexports.transaction = 'yes';",
      'its transaction is the string "yes"',
    ],
    ['001_x.js', 'module.exports = null;', 'found null'],
    [
      '001_x.js',
      "exports[Symbol.for('godwit.migration')] = true;\nexports.up = 3;",
      'its up is the number 3',
    ],
  ])('%s: %j is no migration: %s', async (name, source, message) => {
    expect(await errorOf({ [name]: source })).toMatchObject({
      code: 'GODWIT_FILE_INVALID',
      where: { file: name },
      message: expect.stringContaining(message),
    });
  });
});

it('keeps the same source text out of a second listing', async () => {
  const root = tempFolder({ '001_x.sql': 'select 1;' });
  const [first] = await listAt(root);
  addFiles(root, { '001_x.sql': 'select 2;' });
  expect(first?.checksum?.raw).not.toBe((await listAt(root))[0]?.checksum?.raw);
  expect(await first?.load()).toMatchObject({ up: { text: 'select 1;' } });
});
