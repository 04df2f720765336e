import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedact, secretsOf } from '../../../../src/app/logs/redact.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJlLW9mLWl0';

describe('createRedact', () => {
  it.each<[string, string]>([
    ['postgres://app:s3cr3t@db/shop', 'postgres://app:***@db/shop'],
    [
      'see mongodb+srv://a:b@x.y/z?password=pw1234 and redis://:pw@h',
      'see mongodb+srv://a:***@x.y/z?password=*** and redis://:***@h',
    ],
    [`key ${JWT}!`, 'key ***!'],
    ['sb_secret_abcDEF123', 'sb_secret_***'],
    ['Authorization: Bearer abcdef.ghi-jk', 'Authorization: Bearer ***'],
    ["alter role app password 'it''s'; select 1", 'alter role app password ***; select 1'],
    ['host=db password=hunter22 user=app', 'host=db password=*** user=app'],
    ['ghp_0123456789abcdef', 'ghp_***'],
    ['nothing to hide: 12 rows', 'nothing to hide: 12 rows'],
    [
      'password authentication failed for user "app"',
      'password authentication failed for user "app"',
    ],
  ])('%j', (text, expected) => {
    expect(createRedact([])(text)).toBe(expected);
  });

  it('hides known values and fields by their names, at any depth', () => {
    const redact = createRedact(['p@ss word']);
    expect(
      redact({
        error: { message: 'said p@ss word and p%40ss%20word', cause: [{ apiKey: 'x', n: 1 }] },
        password: 'a',
        at: new Date(0),
        big: 12n,
      }),
    ).toEqual({
      error: { message: 'said *** and ***', cause: [{ apiKey: '***', n: 1 }] },
      password: '***',
      at: '1970-01-01T00:00:00.000Z',
      big: '12',
    });
  });

  it('cuts what is too long or too deep, and what points to itself', () => {
    const round: Record<string, unknown> = { n: 1 };
    round['self'] = round;
    expect(JSON.stringify(createRedact([])(round)).length).toBeLessThan(200);
    const long = createRedact([])({
      rows: Array.from({ length: 500 }, (_, i) => i),
      s: 'x'.repeat(1e6),
    });
    expect(JSON.stringify(long).length).toBeLessThan(20_000);
  });

  it('lets no secret through, wherever it stands', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{12,20}$/);
    const around = fc.constantFrom(
      (s: string) => `postgres://app:${s}@db:5432/shop`,
      (s: string) => `x?password=${s}&y`,
      (s: string) => `create role r login password '${s}'`,
      (s: string) => `Bearer ${s}`,
      (s: string) => `sb_secret_${s}`,
    );
    fc.assert(
      fc.property(secret, around, fc.string(), (value, wrap, text) => {
        const shown = JSON.stringify(createRedact([])({ a: [{ b: `${text} ${wrap(value)}` }] }));
        expect(shown).not.toContain(value);
      }),
    );
  });

  it('knows secrets among the variables by their names', () => {
    const env = {
      PGPASSWORD: 'one',
      SUPABASE_SERVICE_ROLE_KEY: 'two',
      API_TOKEN: 'three',
      PATH: 'four',
      PWD: '/home/ada/shop',
      SUPABASE_DB_PASSWORD: 'five',
    };
    expect(secretsOf(env)).toEqual(['one', 'two', 'three', 'five']);
  });
});
