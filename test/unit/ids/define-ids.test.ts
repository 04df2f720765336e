import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineIds } from '../../../src/ids/index.ts';
import { MOEEN } from './moeen.ts';

const ids = defineIds(MOEEN);
const TABLES = Object.keys(MOEEN) as (keyof typeof MOEEN)[];

describe('drawing', () => {
  it.each(TABLES)('gives %s ids that are its own', (table) => {
    for (const id of [ids.create(table), ids.createLegacy(table)]) {
      expect(id.startsWith(`${MOEEN[table]}_`)).toBe(true);
      expect(ids.parse(id)).toMatchObject({ id, table, prefix: MOEEN[table] });
      expect(ids.parse(table, id).table).toBe(table);
      expect(new RegExp(/'(.*)'/.exec(ids.condition(table))?.[1] ?? '').test(id)).toBe(true);
      for (const other of TABLES) expect(ids.is(other, id)).toBe(other === table);
    }
  });

  it('tells new ids from old ones, and repeats none', () => {
    expect(ids.parse(ids.create('patients')).kind).toBe('cuid2');
    expect(ids.parse(ids.createLegacy('patients')).kind).toBe('cuid');
    const many = Array.from({ length: 2_000 }, () => ids.create('roles'));
    expect(new Set(many).size).toBe(many.length);
  });

  it('draws as many characters as the registry says', () => {
    const short = defineIds({ roles: 'rol' }, { length: 6 });
    expect(short.create('roles')).toMatch(/^rol_[a-z][0-9a-z]{5}$/);
    expect(short.parse('rol_xyz123').body).toBe('xyz123');
  });
});

describe('checking', () => {
  const problem = (value: unknown) => ids.problem('patients', value);
  it('says what is wrong', () => {
    expect(problem('pat_xyz123')).toBeUndefined();
    expect(problem(7)).toBe('A public id is a text, not a number.');
    expect(problem(null)).toBe('A public id is a text, not null.');
    expect(problem('')).toBe('It is empty.');
    expect(problem('xyz123')).toBe('"xyz123" has no prefix: it should begin with pat_.');
    expect(problem('apt_xyz123')).toBe(
      '"apt_xyz123" does not begin with pat_, as an id of patients does. apt_ is the prefix of appointments.',
    );
    expect(problem('pat_')).toBe('Nothing follows pat_.');
    expect(problem('pat_x')).toBe('Only one character follows pat_: there must be 2 to 32.');
    expect(problem(`pat_${'x'.repeat(33)}`)).toBe(
      '33 characters follow pat_: there must be 2 to 32.',
    );
    expect(problem('pat_1xyz')).toBe('A letter must follow pat_, not "1".');
    expect(problem('pat_xY')).toBe('After pat_ only small letters and digits may stand, not "Y".');
    expect(problem('pat_ab\n')).toContain('not "\\n"');
    expect(() => ids.parse('zzz_abc')).toThrow('No table has the prefix "zzz_".');
    expect(() => ids.parse('patients', 'apt_ab')).toThrow(
      expect.objectContaining({ code: 'GODWIT_PUBLIC_ID_INVALID' }),
    );
  });

  it('agrees with itself about any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^pat_[a-z0-9_]{0,34}$/)), (text) => {
        const accepted = /^pat_[a-z][0-9a-z]{1,31}$/.test(text) && !text.endsWith('\n');
        expect(ids.is('patients', text)).toBe(accepted);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a registry', () => {
  it('lists all that is wrong with it', () => {
    const make = () =>
      defineIds(
        { patients: 'pat', people: 'pat', bad: 'Bad-1', roles: { prefix: '' } },
        { length: 1 },
      );
    expect(make).toThrow(expect.objectContaining({ code: 'GODWIT_PUBLIC_IDS_INVALID' }));
    expect(make).toThrow(/patients and people have the same prefix "pat"/);
    expect(make).toThrow(/bad: the prefix "Bad-1"/);
    expect(make).toThrow(/roles: the prefix ""/);
    expect(make).toThrow(/length must be/);
    // @ts-expect-error no such table
    expect(() => ids.create('nobody')).toThrow(/has no table nobody/);
  });

  it('writes constraints, with names that are short enough', () => {
    const long = defineIds({
      [`app.${'t'.repeat(80)}`]: 'tee',
      'odd"name': { prefix: 'odd', column: 'Key' },
    });
    const sql = long.checkSql();
    const names = [...sql.matchAll(/add constraint "([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(names[0]?.length).toBeLessThanOrEqual(63);
    expect(sql).toContain(`alter table "odd""name" add constraint "odd`);
    expect(sql).toContain(`check ("Key" ~ '^odd_[a-z][0-9a-z]{1,31}$') not valid;`);
    expect(ids.checkSql('patients')).toBe(
      `alter table "patients" add constraint "patients_public_id_format" check ("public_id" ~ '^pat_[a-z][0-9a-z]{1,31}$') not valid;\nalter table "patients" validate constraint "patients_public_id_format";\n`,
    );
  });
});
