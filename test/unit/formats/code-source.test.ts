import { describe, expect, it } from 'vitest';
import { rawChecksum } from '../../../src/core/checksum.ts';
import { type CodeMigration, codeSource } from '../../../src/formats/code-source.ts';
import { defineMigration, isMigrationDefinition } from '../../../src/formats/define-migration.ts';
import type { CodeBody, SqlBody, StepCall } from '../../../src/ports/migration.ts';

const CALL = { ctx: { db: 1 }, positional: [1, 2, 3] } as unknown as StepCall;

describe('codeSource', () => {
  it('reads identities from id, or from version and name', async () => {
    const up = () => {};
    const { migrations, problems } = await codeSource([
      { id: '001_users', up },
      { version: 2, name: 'roles', up },
      { version: '003', up },
      { id: 'welcome', version: 4, up },
      { id: '2024-01-15T10-30-00_late', kind: 'seed', up },
    ]).list();
    expect(problems).toEqual([]);
    expect(migrations.map(({ id, version, name, kind }) => [id, version, name, kind])).toEqual([
      ['001_users', '1', 'users', 'migration'],
      ['2_roles', '2', 'roles', 'migration'],
      ['003', '3', '', 'migration'],
      ['welcome', '4', 'welcome', 'migration'],
      ['2024-01-15T10-30-00_late', '20240115103000', 'late', 'seed'],
    ]);
    expect(migrations[0]).toMatchObject({
      format: 'code',
      file: undefined,
      checksum: undefined,
      reversible: false,
    });
  });

  it('gives functions the context, as methods', async () => {
    const migration = {
      id: '1_a',
      seen: 7,
      transaction: true,
      up(ctx: unknown) {
        return [ctx, this.seen];
      },
      down: () => 2,
      verify: () => 3,
    };
    const { migrations } = await codeSource([migration]).list();
    expect(migrations[0]).toMatchObject({ reversible: true, transaction: 'always' });
    const body = (await migrations[0]?.load()) as CodeBody;
    expect(await body.up(CALL)).toEqual([{ db: 1 }, 7]);
    expect(await body.down?.(CALL)).toBe(2);
    expect(await body.verify?.(CALL)).toBe(3);
    expect(body).toMatchObject({ path: undefined, transaction: 'always', idempotent: false });
  });

  it('takes SQL, with the checksum of its text', async () => {
    const sql = 'create table a (id int)';
    const { migrations } = await codeSource([
      { id: '1_a', sql, downSql: 'drop table a', transaction: false },
    ]).list();
    expect(migrations[0]?.checksum?.raw).toBe(rawChecksum(sql));
    expect(migrations[0]?.checksum?.normalized()).toMatch(/^v1:/);
    const body = (await migrations[0]?.load()) as SqlBody;
    expect(body.up).toEqual({
      text: sql,
      file: '1_a',
      line: 1,
      transaction: 'never',
      variables: false,
    });
    expect(body.down?.text).toBe('drop table a');
    expect(body.verify).toBeUndefined();
  });

  it('takes what defineMigration made', async () => {
    const definition = defineMigration({ description: 'x', up: ({ db }) => db });
    const { migrations } = await codeSource([{ id: '1_a', ...definition }]).list();
    expect(migrations[0]?.description).toBe('x');
    const body = (await migrations[0]?.load()) as CodeBody;
    expect(await body.up(CALL)).toBe(1);
  });

  it('reports what cannot be one, and duplicates', async () => {
    const list = [
      { id: 'users', up: () => {} },
      { id: '2_x' },
      { id: '3_x', up: () => {} },
      { version: '003', sql: 'select 1' },
    ] as unknown as CodeMigration[];
    const { migrations, problems } = await codeSource(list).list();
    expect(migrations.map((one) => one.id)).toEqual(['3_x']);
    await expect(migrations[0]?.load()).rejects.toMatchObject({ code: 'GODWIT_VERSION_DUPLICATE' });
    expect(problems.map(({ code, files }) => [code, files])).toEqual([
      ['GODWIT_FILE_NAME_INVALID', ['migrations[0]']],
      ['GODWIT_FILE_INVALID', ['2_x']],
      ['GODWIT_VERSION_DUPLICATE', ['3_x', '003']],
    ]);
  });
});

describe('defineMigration', () => {
  it('returns its argument, marked for every copy of godwit', () => {
    const spec = { up: () => {} };
    const definition = defineMigration(spec);
    expect(definition).toBe(spec);
    expect(isMigrationDefinition(definition)).toBe(true);
    expect(isMigrationDefinition({ ...definition })).toBe(true);
    expect(isMigrationDefinition({ up: () => {} })).toBe(false);
    expect(isMigrationDefinition(null)).toBe(false);
    const frozen = defineMigration(Object.freeze({ up: () => 1 }));
    expect(isMigrationDefinition(frozen)).toBe(true);
    expect(frozen.up({} as never)).toBe(1);
  });
});
