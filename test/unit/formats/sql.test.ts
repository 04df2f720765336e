import { describe, expect, it } from 'vitest';
import { rawChecksum } from '../../../src/core/checksum.ts';
import { folderSource } from '../../../src/formats/folder-source.ts';
import type { SqlBody } from '../../../src/ports/migration.ts';
import { tempFolder } from './temp-folder.ts';

function list(files: Record<string, string>, variables = false) {
  return folderSource({ root: tempFolder(files), dirs: ['.'], variables }).list();
}

async function bodyOf(files: Record<string, string>, variables = false): Promise<SqlBody> {
  const { migrations, problems } = await list(files, variables);
  expect(problems).toEqual([]);
  return (await migrations[0]?.load()) as SqlBody;
}

async function problemOf(files: Record<string, string>): Promise<string> {
  const { problems } = await list(files);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.code).toBe('GODWIT_FILE_INVALID');
  return problems[0]?.message ?? '';
}

describe('the format sql', () => {
  it.each(['001_a.sql', '001_a.up.sql'])('joins %s and its companions', async (up) => {
    const { migrations } = await list({
      [up]: '-- description: A\nselect 1;',
      '001_a.down.sql': '-- godwit: no-transaction\nselect 2;',
      '001_a.verify.sql': 'select 3 where false;',
    });
    expect(migrations).toMatchObject([
      {
        id: '001_a',
        version: '1',
        name: 'a',
        format: 'sql',
        file: up,
        description: 'A',
        reversible: true,
        transaction: 'auto',
      },
    ]);
    expect(migrations[0]?.checksum?.raw).toBe(rawChecksum('-- description: A\nselect 1;'));
    expect(await migrations[0]?.load()).toEqual({
      type: 'sql',
      up: {
        text: '-- description: A\nselect 1;',
        file: up,
        line: 1,
        transaction: 'auto',
        variables: false,
      },
      down: {
        text: '-- godwit: no-transaction\nselect 2;',
        file: '001_a.down.sql',
        line: 1,
        transaction: 'never',
        variables: false,
      },
      verify: {
        text: 'select 3 where false;',
        file: '001_a.verify.sql',
        line: 1,
        transaction: 'auto',
        variables: false,
      },
    });
  });

  it('reads sections of one file', async () => {
    const body = await bodyOf({
      '001_a.sql': '-- godwit:up\nselect 1;\n-- godwit:down\nselect 2;\n',
    });
    expect(body.up).toMatchObject({ text: 'select 1;\n', line: 2 });
    expect(body.down).toMatchObject({ text: 'select 2;\n', line: 4, file: '001_a.sql' });
  });

  it('takes a way back without a statement for none', async () => {
    const files = await list({
      '001_a.sql': '',
      '001_a.down.sql': '-- later\n',
      '002_b.sql': '-- godwit:up\n-- godwit:down\n/* later */',
    });
    expect(files.problems).toEqual([]);
    expect(files.migrations.map((one) => one.reversible)).toEqual([false, false]);
    expect(await files.migrations[0]?.load()).not.toHaveProperty('down');
  });

  it('lets the file say whether variables are replaced, then the config', async () => {
    const on = { '001_a.sql': '-- godwit: variables\nselect 1;' };
    const off = { '001_a.sql': '-- godwit: no-variables\nselect 1;' };
    const silent = { '001_a.sql': 'select 1;' };
    expect((await bodyOf(on)).up.variables).toBe(true);
    expect((await bodyOf(off, true)).up.variables).toBe(false);
    expect((await bodyOf(silent)).up.variables).toBe(false);
    expect((await bodyOf(silent, true)).up.variables).toBe(true);
  });

  it('refuses what is there twice, or in the wrong place', async () => {
    const sections = '-- godwit:up\nselect 1;\n-- godwit:down\nselect 2;';
    expect(await problemOf({ '1_a.sql': sections, '1_a.down.sql': 'select 3;' })).toBe(
      '1_a.down.sql: 1_a.sql has a -- godwit:down section too',
    );
    expect(await problemOf({ '1_a.sql': 'select 1;', '1_a.down.sql': sections })).toContain(
      'no sections',
    );
    expect(await problemOf({ '1_a.sql': '-- godwit:down\nselect 1;' })).toContain(
      'no -- godwit:up',
    );
    expect(await problemOf({ '1_a.sql': 'select 1;\n-- godwit: fast' })).toBe(
      '1_a.sql: line 2: unknown directive "fast" in "-- godwit: fast"',
    );
    expect(await problemOf({ '1_a.js': 'exports.up = 1;', '1_a.down.sql': 'select 1;' })).toContain(
      'code migration',
    );
  });
});

describe('the identity of a module', () => {
  it.each([
    ["version: '2024.1'", '2024.1'],
    ['version: 12', '12'],
    ["version: '007'", '7'],
    ['version: next()', '1'],
    ['name: "x"', '1'],
  ])('with %s is %s', async (property, version) => {
    const { migrations } = await list({ '001_a.js': `module.exports = { ${property}, up() {} };` });
    expect(migrations).toMatchObject([{ version, id: '001_a', format: 'module' }]);
  });

  it.each(['1.5', 'true', "''", '-1', '12345678901234567890'])(
    'is refused with %s',
    async (value) => {
      expect(
        await problemOf({ '001_a.js': `module.exports = { version: ${value}, up() {} };` }),
      ).toContain('version');
    },
  );

  it('is the name where defineMigration is', async () => {
    const { migrations } = await list({
      '003_a.js': 'module.exports = defineMigration({ version: 9, up() {} });',
    });
    expect(migrations).toMatchObject([{ version: '3', format: 'godwit' }]);
  });
});
