import { GodwitError } from '../errors.ts';
import type { Environment } from './env-files.ts';

/**
 * The URL that Supabase's variables give: `SUPABASE_DB_URL`, else the direct one made of
 * `SUPABASE_PROJECT_REF` and `SUPABASE_DB_PASSWORD`, else, where `SUPABASE_POOLER_REGION` or
 * `SUPABASE_POOLER_PREFIX` asks for it, the pooler's. Undefined when none of them is set.
 *
 * @throws GodwitError GODWIT_URL_MISSING, which names the variables that are missing
 */
export function supabaseUrl(
  env: Environment,
): { readonly url: string; readonly from: string } | undefined {
  const own = read(env, 'SUPABASE_DB_URL');
  if (own !== undefined) return { url: own, from: 'SUPABASE_DB_URL' };
  const ref = read(env, 'SUPABASE_PROJECT_REF');
  const password = read(env, 'SUPABASE_DB_PASSWORD');
  if (ref === undefined) return undefined;
  if (!/^[a-z0-9]{6,40}$/.test(ref)) throw wrongRef();
  if (password === undefined) throw missing(['SUPABASE_DB_PASSWORD'], 'a database password');
  const region = read(env, 'SUPABASE_POOLER_REGION');
  const prefix = read(env, 'SUPABASE_POOLER_PREFIX');
  const from = 'SUPABASE_PROJECT_REF';
  const secret = encodeURIComponent(password);
  if (region === undefined && prefix === undefined) {
    const host = `db.${ref}.supabase.co:5432`;
    return { from, url: `postgresql://postgres:${secret}@${host}/postgres?sslmode=require` };
  }
  if (region === undefined) throw missing(['SUPABASE_POOLER_REGION'], "the pooler's region");
  if (prefix === undefined) throw missing(['SUPABASE_POOLER_PREFIX'], "the pooler's prefix");
  if (![region, prefix].every((part) => /^[a-z0-9-]+$/.test(part))) throw wrongPooler();
  // Port 5432 is session mode: what runs outside a transaction works there too.
  const host = `${prefix}-${region}.pooler.supabase.com:5432`;
  return { from, url: `postgresql://postgres.${ref}:${secret}@${host}/postgres?sslmode=require` };
}

function read(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

function missing(names: readonly string[], what: string): GodwitError {
  return new GodwitError(
    'GODWIT_URL_MISSING',
    `SUPABASE_PROJECT_REF is set, but ${what} is missing: ${names.join(', ')}.`,
    {
      state: 'No database was contacted.',
      next: [
        ...names.map((name) => `export ${name}=…`),
        'through the pooler, as on a network without IPv6: SUPABASE_POOLER_PREFIX (such as aws-0) and SUPABASE_POOLER_REGION (such as eu-central-1)',
        'or the whole URL: export DATABASE_URL=…',
      ],
    },
  );
}

function wrongRef(): GodwitError {
  return new GodwitError(
    'GODWIT_URL_INVALID',
    'SUPABASE_PROJECT_REF is no reference of a project: 20 small letters and digits, as in its dashboard address.',
    { state: 'No database was contacted.', next: ['export SUPABASE_PROJECT_REF=…'] },
  );
}

function wrongPooler(): GodwitError {
  return new GodwitError(
    'GODWIT_URL_INVALID',
    'SUPABASE_POOLER_PREFIX or SUPABASE_POOLER_REGION is no part of a host name.',
    {
      state: 'No database was contacted.',
      next: ['such as: export SUPABASE_POOLER_PREFIX=aws-0 SUPABASE_POOLER_REGION=eu-central-1'],
    },
  );
}
