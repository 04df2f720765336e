import pg from 'pg';
import type { Moeen } from './project.ts';

/** The sample rows' people, and somebody else. */
export const LAYLA = '8f0c2a51-6d3e-4b7a-9c14-2e5f7a90b1c3';
export const STRANGER = '00000000-0000-4000-8000-000000000000';

export const CORE = ['patients', 'appointments', 'sessions', 'insurance_claims'];

export type Rows = Record<string, unknown>[];

/** Asks the database directly, without godwit. */
export async function ask(url: string, text: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const result = (await client.query(text)) as pg.QueryResult | pg.QueryResult[];
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  } finally {
    await client.end();
  }
}

/** The same as somebody who is signed in; nothing of it stays. */
export function askAs(url: string, sub: string, text: string): Promise<Rows> {
  const claims = JSON.stringify({ sub, role: 'authenticated' });
  return ask(
    url,
    `begin; set local role authenticated; set local request.jwt.claims = '${claims}'; ${text}`,
  );
}

/** Every row of every table in public, as text. */
export async function everything(url: string): Promise<Rows> {
  const tables = await ask(
    url,
    "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
  );
  const parts = tables.map(
    ({ relname }) => `select '${relname}' as "table", t::text as row from ${relname} t`,
  );
  return parts.length === 0 ? [] : ask(url, `${parts.join(' union all ')} order by 1, 2`);
}

export async function count(url: string, from: string): Promise<number> {
  const [row] = await ask(url, `select count(*)::int as n from ${from}`);
  return Number(row?.['n']);
}

/** Schema and rows, to be compared. */
export async function look(project: Moeen, url: string): Promise<{ schema: string; rows: Rows }> {
  const schema = await project.typeWell('npx godwit schema dump', { DATABASE_URL: url });
  return { schema, rows: await everything(url) };
}
