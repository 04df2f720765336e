import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anonymise, literalsOf } from '../../../../src/core/roundtrip/anonymise.ts';
import { permuteInteger, permuteText } from '../../../../src/core/roundtrip/permute.ts';
import type { PlainRow } from '../../../../src/ports/rows.ts';

const classes = (text: string) =>
  text.replace(/[a-z]/g, 'a').replace(/[A-Z]/g, 'A').replace(/\d/g, '0');

describe('permuteText', () => {
  it('keeps length and classes, and maps no two texts to the same', () => {
    const short = fc.stringMatching(/^[a-c0-2A-B@. -]{1,6}$/);
    fc.assert(
      fc.property(fc.string(), short, short, (key, a, b) => {
        const [one, other] = [permuteText(key, a), permuteText(key, b)];
        expect(classes(one)).toBe(classes(a));
        expect(one === other).toBe(a === b);
      }),
    );
  });

  it('is one to one on all texts of two letters, and on all small numbers', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const all = [...letters].flatMap((a) => [...letters].map((b) => a + b));
    expect(new Set(all.map((text) => permuteText('k', text))).size).toBe(all.length);
    const numbers = Array.from({ length: 3000 }, (_, at) => `${at}`);
    expect(new Set(numbers.map((text) => permuteInteger('k', text))).size).toBe(3000);
  });

  it('keeps integers within their type and of their length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_147_483_647 }), (value) => {
        const next = permuteInteger('k', String(value));
        expect(next).toHaveLength(String(value).length);
        expect(Number(next)).toBeLessThanOrEqual(value <= 32_767 ? 32_767 : 2_147_483_647);
      }),
    );
  });
});

describe('anonymise', () => {
  const row: PlainRow = {
    _id: { $oid: '65a000000000000000000001' },
    email: 'Ann.Lee99@clinic.org',
    status: 'active',
    on: true,
    none: null,
    visits: { $numberInt: '200' },
    price: { $numberDecimal: '12.50' },
    born: { $date: { $numberLong: '315532800000' } },
    day: '1990-01-31',
    userId: { $oid: '65a000000000000000000001' },
    refId: { $numberInt: '4711' },
    token: 'usr_h2k4j5l6m7',
    tags: ['red', 'Zoë'],
    bytes: { $binary: { base64: 'AQID', subType: '00' } },
  };
  const run = (rows: readonly PlainRow[], seed = 's'): PlainRow[] => [
    ...(anonymise([{ name: 'users', identity: ['_id'], rows }], {
      seed,
      keep: new Set(['active']),
    })[0]?.rows ?? []),
  ];

  it('replaces what says who somebody is, and keeps its shape', () => {
    const [made = {}] = run([row]);
    expect(classes(String(made['email']))).toBe('Aaa.Aaa00@aaaaaa.aaa');
    expect(JSON.stringify(made)).not.toMatch(/Ann|Lee|clinic|65a0|4711|h2k4|red|1990-01-31/);
    expect(made).toMatchObject({ status: 'active', on: true, none: null });
    expect(made['userId']).toEqual(made['_id']);
    expect(String(made['token'])).toMatch(/^usr_[a-z]\d[a-z]\d[a-z]\d[a-z]\d[a-z]\d$/);
    const { $numberInt } = made['visits'] as { $numberInt: string };
    expect(Number($numberInt)).toBeGreaterThanOrEqual(180);
    expect(Number($numberInt)).toBeLessThanOrEqual(200);
    expect(made['price']).toEqual({ $numberDecimal: expect.stringMatching(/^1[12]\.\d\d$/) });
    expect(made['day']).toMatch(/^19(89|90)-\d\d-\d\d$/);
    expect(made['bytes']).toMatchObject({ $binary: { subType: '00' } });
  });

  it('does the same for the same seed, and other things for another', () => {
    expect(run([row])).toEqual(run([row]));
    expect(run([row], 't')).not.toEqual(run([row]));
  });

  it('takes any JSON without changing its shape', () => {
    fc.assert(
      fc.property(fc.object(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as PlainRow;
        const [made = {}] = run([plain]);
        expect(Object.keys(made)).toEqual(Object.keys(plain));
      }),
    );
  });
});

it('literalsOf finds texts between quotes', () => {
  const found = literalsOf([`check (status in ('active', "gone")) \`x\``]);
  expect([...found]).toEqual(['active', 'gone', 'x']);
});
