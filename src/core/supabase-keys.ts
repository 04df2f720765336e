/** What is said of one key; never the key. */
export interface KeyFinding {
  readonly name: string;
  readonly severity: 'ok' | 'warning' | 'error';
  readonly message: string;
  readonly fix?: string | undefined;
}

const KEY = /SUPABASE.*(KEY|TOKEN)$/;
/** What a bundler puts into what everybody downloads. */
const PUBLIC = /^(NEXT_PUBLIC_|VITE_|PUBLIC_|NUXT_PUBLIC_|REACT_APP_|EXPO_PUBLIC_|GATSBY_)/;

/**
 * Looks at Supabase's keys in the environment, offline: old ones are JWTs whose role, project
 * and expiry are read without being verified, new ones tell by their beginning.
 */
export function checkSupabaseKeys(
  env: Readonly<Record<string, string | undefined>>,
  now: Date,
): KeyFinding[] {
  const project = projectOf(env);
  return Object.entries(env)
    .filter(([name, value]) => KEY.test(name) && Boolean(value?.trim()))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => checkKey(name, (value ?? '').trim(), project, now));
}

function projectOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const named = env['SUPABASE_PROJECT_REF']?.trim();
  if (named) return named;
  const url = Object.entries(env).find(([name, value]) => /SUPABASE_URL$/.test(name) && value)?.[1];
  return /^https:\/\/([a-z0-9]+)\.supabase\.(?:co|in)\b/.exec(url?.trim() ?? '')?.[1];
}

function checkKey(name: string, value: string, project: string | undefined, now: Date): KeyFinding {
  const say = (severity: KeyFinding['severity'], message: string, fix?: string): KeyFinding => ({
    name,
    severity,
    message: `${name} ${message}`,
    ...(fix !== undefined && { fix }),
  });
  const meantSecret = /SERVICE_ROLE|SECRET/.test(name);
  const exposed = 'rotate it in the dashboard, and keep it in a variable that stays on the server';
  if (value.startsWith('sb_publishable_')) {
    return meantSecret
      ? say('warning', 'is a publishable key, and its name asks for a secret one')
      : say('ok', 'is a publishable key');
  }
  if (value.startsWith('sb_secret_')) {
    if (PUBLIC.test(name)) return say('error', 'is a secret key that everybody can read', exposed);
    if (/ANON|PUBLISHABLE/.test(name))
      return say('error', 'is a secret key, and its name asks for a public one', exposed);
    return say('ok', 'is a secret key');
  }
  const claims = claimsOf(value);
  if (claims === undefined) {
    return say('warning', 'is no key of Supabase', 'copy it anew from the dashboard');
  }
  const { role = 'none', ref, exp } = claims;
  if (role === 'service_role' && PUBLIC.test(name))
    return say('error', 'is a service_role key that everybody can read', exposed);
  if (role === 'service_role' && /ANON/.test(name))
    return say('error', 'is a service_role key, and its name asks for anon', exposed);
  if (role === 'anon' && meantSecret)
    return say('warning', 'is an anon key, and its name asks for service_role');
  if (project !== undefined && ref !== undefined && ref !== project)
    return say('warning', `is of the project ${ref}, not of ${project}`, 'copy it anew');
  if (exp !== undefined && exp * 1000 <= now.getTime()) {
    const day = new Date(exp * 1000).toISOString().slice(0, 10);
    return say('warning', `has expired on ${day}`, 'copy it anew from the dashboard');
  }
  const day = exp === undefined ? '' : `, until ${new Date(exp * 1000).toISOString().slice(0, 10)}`;
  return say('ok', `is a JWT of the role ${role}${ref === undefined ? '' : ` of ${ref}`}${day}`);
}

interface Claims {
  readonly role?: string | undefined;
  readonly ref?: string | undefined;
  readonly exp?: number | undefined;
}

function claimsOf(value: string): Claims | undefined {
  const parts = value.split('.');
  const [, body] = parts;
  if (parts.length !== 3 || body === undefined) return undefined;
  try {
    const read: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
    if (typeof read !== 'object' || read === null) return undefined;
    const { role, ref, exp } = read as Record<string, unknown>;
    return {
      role: word(role),
      ref: word(ref),
      exp: typeof exp === 'number' && Math.abs(exp) < 8e12 ? exp : undefined,
    };
  } catch {
    return undefined;
  }
}

/** It is shown, so nothing but a word is taken. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-zA-Z0-9_-]{1,40}$/.test(value) ? value : undefined;
}
