import { describe, expect, it } from 'vitest';
import { checkSupabaseKeys } from '../../../src/core/supabase-keys.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const jwt = (claims: object): string =>
  ['{"alg":"HS256"}', JSON.stringify(claims), 'sig']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
const anon = { role: 'anon', ref: 'abcdefghijklmnopqrst', exp: 2_000_000_000 };
const look = (env: Record<string, string>) =>
  checkSupabaseKeys({ SUPABASE_PROJECT_REF: 'abcdefghijklmnopqrst', ...env }, NOW).map(
    ({ severity, message }) => `${severity}: ${message}`,
  );

describe('keys of Supabase', () => {
  it('are good when they are what their names say', () => {
    expect(
      look({
        SUPABASE_ANON_KEY: jwt(anon),
        SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_abc',
        SUPABASE_SECRET_KEY: 'sb_secret_abc',
        SUPABASE_SERVICE_ROLE_KEY: jwt({ ...anon, role: 'service_role' }),
        OTHER_KEY: 'sb_secret_abc',
      }).map((line) => line.split(':')[0]),
    ).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it.each([
    [
      { SUPABASE_ANON_KEY: jwt({ ...anon, exp: 1_700_000_000 }) },
      /warning.*has expired on 2023-11-14/,
    ],
    [{ SUPABASE_ANON_KEY: jwt({ ...anon, ref: 'other' }) }, /warning.*of the project other/],
    [{ VITE_SUPABASE_KEY: jwt({ ...anon, role: 'service_role' }) }, /error.*everybody can read/],
    [{ NEXT_PUBLIC_SUPABASE_ANON_KEY: 'sb_secret_x' }, /error.*everybody can read/],
    [{ SUPABASE_ANON_KEY: jwt({ ...anon, role: 'service_role' }) }, /error.*asks for anon/],
    [{ SUPABASE_SERVICE_ROLE_KEY: jwt(anon) }, /warning.*asks for service_role/],
    [{ SUPABASE_SERVICE_ROLE_KEY: 'sb_publishable_x' }, /warning.*asks for a secret/],
    [{ SUPABASE_ANON_KEY: 'your-anon-key' }, /warning.*is no key of Supabase/],
    [{ SUPABASE_ANON_KEY: 'a.%%%.c' }, /warning.*is no key of Supabase/],
  ])('tells %#', (env, expected) => {
    const [line = '', ...more] = look(env);
    expect(more).toEqual([]);
    expect(line).toMatch(expected);
    for (const value of Object.values(env)) expect(line).not.toContain(value);
  });

  it('takes the project from the URL', () => {
    const env = { SUPABASE_URL: 'https://zzzz.supabase.co', SUPABASE_ANON_KEY: jwt(anon) };
    expect(checkSupabaseKeys(env, NOW)[0]?.message).toMatch(/not of zzzz/);
  });
});
