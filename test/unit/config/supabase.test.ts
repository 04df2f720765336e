import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../src/config/index.ts';
import { supabaseUrl } from '../../../src/config/supabase.ts';

const REF = 'abcdefghijklmnopqrst';
const base = { SUPABASE_PROJECT_REF: REF, SUPABASE_DB_PASSWORD: 'p@ss/w:1' };

describe('variables of Supabase', () => {
  it('give the direct URL, with TLS', () => {
    expect(supabaseUrl({})).toBeUndefined();
    expect(supabaseUrl({ ...base, SUPABASE_DB_URL: 'postgres://x/y' })?.url).toBe('postgres://x/y');
    expect(supabaseUrl(base)).toEqual({
      from: 'SUPABASE_PROJECT_REF',
      url: `postgresql://postgres:p%40ss%2Fw%3A1@db.${REF}.supabase.co:5432/postgres?sslmode=require`,
    });
  });

  it("give the pooler's, when prefix and region are known", () => {
    const pooler = { SUPABASE_POOLER_PREFIX: 'aws-0', SUPABASE_POOLER_REGION: 'eu-central-1' };
    expect(supabaseUrl({ ...base, ...pooler })?.url).toBe(
      `postgresql://postgres.${REF}:p%40ss%2Fw%3A1@aws-0-eu-central-1.pooler.supabase.com:5432/postgres?sslmode=require`,
    );
  });

  it.each([
    [{ SUPABASE_PROJECT_REF: REF }, 'GODWIT_URL_MISSING', 'SUPABASE_DB_PASSWORD'],
    [{ ...base, SUPABASE_POOLER_PREFIX: 'aws-0' }, 'GODWIT_URL_MISSING', 'SUPABASE_POOLER_REGION'],
    [{ ...base, SUPABASE_POOLER_REGION: 'eu-1' }, 'GODWIT_URL_MISSING', 'SUPABASE_POOLER_PREFIX'],
    [
      { ...base, SUPABASE_PROJECT_REF: 'your-project-ref' },
      'GODWIT_URL_INVALID',
      'SUPABASE_PROJECT_REF',
    ],
  ])('say what is missing %#', (env, code, name) => {
    expect(() => supabaseUrl(env)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(name) }),
    );
    expect(() => supabaseUrl(env)).not.toThrow(/p@ss/);
  });

  it('come after DATABASE_URL, also where the config names variables', async () => {
    const settle = (env: Record<string, string>, processEnv: Record<string, string>) =>
      resolveSettings({
        config:
          'names' in env ? { env: ['DATABASE_URL', 'SUPABASE_DB_URL'] } : { driver: 'postgres' },
        overrides: {},
        processEnv,
      });
    for (const env of [{ names: '1' }, {}] as Record<string, string>[]) {
      const both = { ...base, DATABASE_URL: 'postgres://127.0.0.1/x' };
      expect((await settle(env, both)).urlFrom).toBe('DATABASE_URL');
      const settings = await settle(env, base);
      expect(settings.urlFrom).toBe('SUPABASE_PROJECT_REF');
      expect(settings.url).toContain(`db.${REF}.supabase.co:5432`);
    }
  });
});
