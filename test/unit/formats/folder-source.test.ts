import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FolderSourceOptions, folderSource } from '../../../src/formats/folder-source.ts';
import type { Migration } from '../../../src/ports/migration.ts';
import { tempFolder } from './temp-folder.ts';

const CODE = 'export const up = async () => {};\nexport const down = async () => {};\n';

function list(root: string, options: Partial<FolderSourceOptions> = {}) {
  return folderSource({ root, dirs: ['migrations'], ...options }).list();
}

async function listFiles(
  files: Record<string, string>,
  options: Partial<FolderSourceOptions> = {},
) {
  return list(tempFolder(files), options);
}

function files(migrations: readonly Migration[]): (string | undefined)[] {
  return migrations.map((one) => one.file).sort();
}

describe('folderSource', () => {
  it('lists code and SQL, and leaves alone what is no migration', async () => {
    const { migrations, problems } = await listFiles({
      'migrations/001_a.js': CODE,
      'migrations/002_b.ts': CODE,
      'migrations/003_c.sql': 'select 1;',
      'migrations/004.sql': 'select 1;',
      'migrations/2024-01-15T10-30-00_d.mjs': CODE,
      'migrations/20240116103000-e.with.dots.cjs': 'exports.up = () => {};',
      'migrations/README.md': '# no',
      'migrations/package.json': '{}',
      'migrations/migration.js': 'throw new Error("never imported")',
      'migrations/migrate.sql': 'select 1;',
      'migrations/001_a.js.map': '{}',
      'migrations/002_b.d.ts': 'export {};',
      'migrations/002_b.test.ts': 'throw 1;',
      'migrations/003_c.sql~': 'x',
      'migrations/005_data.json': '[]',
      'migrations/.001_hidden.js': CODE,
      'migrations/.git/001_x.js': CODE,
      'migrations/templates/001_template.js': CODE,
      'migrations/utils/001_helper.js': CODE,
      'migrations/node_modules/p/001_x.js': CODE,
      'migrations/__tests__/001_x.js': CODE,
    });
    expect(problems).toEqual([]);
    expect(files(migrations)).toEqual([
      'migrations/001_a.js',
      'migrations/002_b.ts',
      'migrations/003_c.sql',
      'migrations/004.sql',
      'migrations/2024-01-15T10-30-00_d.mjs',
      'migrations/20240116103000-e.with.dots.cjs',
    ]);
    expect(migrations.find((one) => one.file?.includes('dots'))).toMatchObject({
      version: '20240116103000',
      id: '20240116103000-e.with.dots',
      name: 'e.with.dots',
      kind: 'migration',
      format: 'godwit',
      reversible: false,
    });
  });

  it('reads the sample migrations of the neuronav guide as they stand there', async () => {
    const root = tempFolder();
    cpSync(new URL('../../fixtures/formats/neuronav', import.meta.url), join(root, 'migrations'), {
      recursive: true,
    });
    const { migrations, problems } = await list(root);
    expect(problems).toEqual([]);
    const seen = migrations.map(({ version, id, format, description, reversible }) => ({
      version,
      id,
      format,
      description,
      reversible,
    }));
    expect(seen).toEqual([
      {
        version: '1',
        id: '001_create_users_collection',
        format: 'module',
        description: 'Create users collection with initial indexes',
        reversible: true,
      },
      {
        version: '2',
        id: '002_add_schema_version',
        format: 'module',
        description: 'Add schema version to users and create migration history',
        reversible: true,
      },
      {
        version: '3',
        id: '003_add_calm_score_indexes',
        format: 'module',
        description: 'Add indexes for calm score queries',
        reversible: true,
      },
      {
        version: '4',
        id: '004_add_profile_picture',
        format: 'module',
        description: 'Add optional profile picture to users',
        reversible: false,
      },
    ]);
    for (const migration of migrations) {
      const body = await migration.load();
      expect(body.type).toBe('code');
    }
  });

  it('walks subfolders and several folders, each file once, links included', async () => {
    const root = tempFolder({
      'migrations/deep/er/001_a.sql': 'select 1;',
      'other place/002_b.sql': 'select 1;',
    });
    symlinkSync(join(root, 'migrations'), join(root, 'migrations', 'loop'));
    symlinkSync(join(root, 'other place'), join(root, 'migrations', 'linked'));
    const { migrations, problems } = await list(root, {
      dirs: ['migrations', 'migrations/deep', './other place'],
    });
    expect(problems).toEqual([]);
    expect(migrations.map((one) => one.version).sort()).toEqual(['1', '2']);
    const flat = await list(root, { recursive: false });
    expect(flat.migrations).toEqual([]);
  });

  it('names a folder that is missing, or no folder', async () => {
    const { problems } = await listFiles(
      { 'migrations/001_a.sql': '', file: '' },
      { dirs: ['nowhere', 'file', 'migrations'] },
    );
    expect(problems).toMatchObject([
      {
        code: 'GODWIT_FOLDER_MISSING',
        files: ['nowhere'],
        message: expect.stringContaining('does not exist'),
      },
      {
        code: 'GODWIT_FOLDER_MISSING',
        files: ['file'],
        message: expect.stringContaining('is not a folder'),
      },
    ]);
  });

  it('reports names that look like a migration and cannot be read', async () => {
    const { migrations, problems } = await listFiles({
      'migrations/001create.sql': 'select 1;',
      'migrations/002_x.down.sql': 'select 1;',
      'migrations/003_y.verify.sql': 'select 1;',
      'migrations/004_z.down.js': CODE,
      'migrations/005_u.JS': CODE,
    });
    expect(migrations).toEqual([]);
    expect(problems.map(({ code, files: [file] }) => [code, file])).toEqual([
      ['GODWIT_FILE_NAME_INVALID', 'migrations/001create.sql'],
      ['GODWIT_FILE_NAME_INVALID', 'migrations/004_z.down.js'],
      ['GODWIT_FILE_NAME_INVALID', 'migrations/005_u.JS'],
      ['GODWIT_FILE_NAME_INVALID', 'migrations/002_x.down.sql'],
      ['GODWIT_FILE_NAME_INVALID', 'migrations/003_y.verify.sql'],
    ]);
    expect(problems[0]?.fix).toContain('001_create.sql');
  });

  it('reports duplicated versions once, with every file, across folders and formats', async () => {
    const { migrations, problems } = await listFiles({
      'migrations/001_x.js': CODE,
      'migrations/deep/1-y.sql': 'select 1;',
      'migrations/2_fine.sql': 'select 1;',
      'migrations/003_a.sql': 'select 1;',
      'migrations/003_a.up.sql': 'select 1;',
      'migrations/099_by_version.js': 'module.exports = { version: 2, up() {} };',
    });
    expect(files(migrations)).toEqual([
      'migrations/001_x.js',
      'migrations/003_a.sql',
      'migrations/099_by_version.js',
    ]);
    for (const migration of migrations) {
      await expect(migration.load()).rejects.toMatchObject({ code: 'GODWIT_VERSION_DUPLICATE' });
    }
    expect(problems.map(({ code, files }) => [code, files])).toEqual([
      ['GODWIT_VERSION_DUPLICATE', ['migrations/001_x.js', 'migrations/deep/1-y.sql']],
      ['GODWIT_VERSION_DUPLICATE', ['migrations/003_a.sql', 'migrations/003_a.up.sql']],
      ['GODWIT_VERSION_DUPLICATE', ['migrations/099_by_version.js', 'migrations/2_fine.sql']],
    ]);
  });

  it('refuses two versions under one name', async () => {
    const { migrations, problems } = await listFiles({
      'migrations/a/001_x.js': 'module.exports = { version: 7, up() {} };',
      'migrations/b/001_x.js': 'module.exports = { version: 8, up() {} };',
    });
    expect(migrations.map((one) => one.version)).toEqual(['7', '8']);
    await expect(migrations[1]?.load()).rejects.toMatchObject({ code: 'GODWIT_VERSION_DUPLICATE' });
    expect(problems).toMatchObject([
      { code: 'GODWIT_VERSION_DUPLICATE', message: expect.stringContaining('the name 001_x') },
    ]);
  });

  it('takes a TypeScript file and what was compiled from it as one', async () => {
    const { migrations, problems } = await listFiles(
      {
        'migrations/001_x.ts': CODE,
        'migrations/001_x.js': CODE,
        'dist/001_x.js': CODE,
        'dist/001_x.js.map': '{}',
        'dist/001_x.d.ts': '',
        'dist/002_y.js': CODE,
      },
      { dirs: ['migrations', 'dist'] },
    );
    expect(problems).toEqual([]);
    expect(files(migrations)).toEqual(['dist/002_y.js', 'migrations/001_x.ts']);
    // Marked, so that core does not compare a source with what was compiled from it.
    expect(migrations.map((one) => one.checksum?.normalized().slice(0, 6)).sort()).toEqual([
      expect.stringMatching(/^v1:[0-9a-f]{3}$/),
      'v1:ts:',
    ]);
  });

  it('keeps two sources of one name apart', async () => {
    const { problems } = await listFiles({
      'migrations/001_x.ts': CODE,
      'migrations/001_x.mts': CODE,
      'migrations/002_x.js': CODE,
      'migrations/002_x.cjs': CODE,
    });
    expect(problems.map((one) => one.code)).toEqual([
      'GODWIT_VERSION_DUPLICATE',
      'GODWIT_VERSION_DUPLICATE',
    ]);
  });

  it('leaves alone what "ignore" names', async () => {
    const sources = {
      'migrations/001_a.sql': 'select 1;',
      'migrations/seeds/001_s.sql': 'select 1;',
      'migrations/3d.js': CODE,
      'migrations/old/deep/001_o.sql': 'select 1;',
    };
    const { migrations, problems } = await listFiles(sources, {
      ignore: ['seeds', '3d.*', 'old/**'],
    });
    expect(problems).toEqual([]);
    expect(files(migrations)).toEqual(['migrations/001_a.sql']);
    const other = await listFiles(sources, {
      ignore: ['migrations/{seeds,old}/**', './migrations/3?.js'],
    });
    expect(other.problems).toEqual([]);
    expect(files(other.migrations)).toEqual(['migrations/001_a.sql']);
  });

  it('reads only the files of the format that the config names', async () => {
    const sources = {
      'migrations/001_a.sql': 'select 1;',
      'migrations/002_b.js': 'module.exports = { version: 5, up() {} };',
    };
    expect(files((await listFiles(sources, { format: 'sql' })).migrations)).toEqual([
      'migrations/001_a.sql',
    ]);
    const godwit = await listFiles(sources, { format: 'godwit' });
    expect(godwit.migrations).toMatchObject([{ version: '2', format: 'godwit' }]);
    const module = await listFiles(sources, { format: 'module' });
    expect(module.migrations).toMatchObject([{ version: '5', format: 'module' }]);
    expect(() => folderSource({ root: '/', dirs: [], format: 'flyway9' })).toThrow(
      expect.objectContaining({
        code: 'GODWIT_CONFIG_INVALID',
        next: [expect.stringContaining('auto, sql, class, module, godwit')],
      }),
    );
  });

  it('has no complaints about files that the named format does not read', async () => {
    const sources = {
      'migrations/001_a.js': CODE,
      'migrations/001_a.verify.sql': 'select 1 where false;',
      'migrations/002_b.down.sql': 'select 1;',
      'migrations/003c.sql': 'select 1;',
      'migrations/004_d.sql': '\0',
    };
    const { migrations, problems } = await listFiles(sources, { format: 'godwit' });
    expect(problems).toEqual([]);
    expect(files(migrations)).toEqual(['migrations/001_a.js']);
    const sql = await listFiles(sources, { format: 'sql' });
    expect(sql.problems.map(({ files: [file] }) => file).sort()).toEqual([
      'migrations/001_a.verify.sql',
      'migrations/002_b.down.sql',
      'migrations/003c.sql',
    ]);
  });

  it('reports files that are not UTF-8 or cannot be read', async () => {
    const root = tempFolder({
      'migrations/001_latin.sql': Buffer.from("insert into a values ('\xe4');", 'latin1'),
    });
    symlinkSync(join(root, 'gone'), join(root, 'migrations', '002_link.sql'));
    const { migrations, problems } = await list(root);
    expect(migrations).toEqual([]);
    expect(problems.map(({ code, files }) => [code, files])).toEqual([
      ['GODWIT_FILE_UNREADABLE', ['migrations/001_latin.sql']],
      ['GODWIT_FILE_UNREADABLE', ['migrations/002_link.sql']],
    ]);
  });

  it('ignores a byte order mark in text, not in the checksum', async () => {
    const { migrations } = await listFiles({
      'migrations/001_a.sql': '\uFEFFselect 1;',
      'migrations/002_a.sql': 'select 1;',
    });
    const [marked, plain] = migrations;
    expect(await marked?.load()).toMatchObject({ up: { text: 'select 1;', line: 1 } });
    expect(marked?.checksum?.raw).not.toBe(plain?.checksum?.raw);
    expect(marked?.checksum?.normalized()).toBe(plain?.checksum?.normalized());
  });
});
