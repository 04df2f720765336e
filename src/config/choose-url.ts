import { GodwitError } from '../errors.ts';
import type { DriverName } from '../ports/context.ts';
import type { Environment } from './env-files.ts';
import type { DatabaseFamily } from './folder-kind.ts';
import { postgresFromEnvironment } from './libpq.ts';
import { supabaseUrl } from './supabase.ts';
import type { DatabaseConfig } from './types.ts';
import {
  type CheckedUrl,
  checkUrl,
  driverOfScheme,
  EMBEDDED_MONGODB,
  embeddedPostgres,
} from './url.ts';

export interface ChosenUrl extends CheckedUrl {
  /** For people: `--url`, `config`, the variable's name, `default`. */
  readonly from: string;
}

export interface UrlQuestion {
  readonly root: string;
  readonly env: Environment;
  /** Flags or the caller's options. */
  readonly overrides: DatabaseConfig & { readonly urlFrom?: string | undefined };
  /** The config's word on this database. */
  readonly database: DatabaseConfig;
  readonly production: boolean;
  /** Asked only when nothing is configured. */
  readonly family: () => Promise<DatabaseFamily | undefined>;
}

/** Looked at, in this order, when a project names no variables of its own. */
export const USUAL_VARIABLES = ['GODWIT_DATABASE_URL', 'DATABASE_URL', 'MONGODB_URI'] as const;

/**
 * Finds the URL: flag, config, the project's variables in its order, its default; and
 * when the project says nothing at all, the usual variables, libpq's, the embedded one.
 *
 * @throws GODWIT_URL_MISSING, GODWIT_URL_INVALID, GODWIT_CONFIG_INVALID when ambiguous
 */
export async function chooseUrl(question: UrlQuestion): Promise<ChosenUrl> {
  const { overrides, database } = question;
  const given = await configured(overrides, overrides.urlFrom ?? '--url', question);
  const chosen = given ?? (await configured(database, 'config', question));
  const found = chosen ?? (await unconfigured(question));
  const driver = overrides.driver ?? database.driver;
  if (driver !== undefined && driver !== found.driver) throw mismatch(driver, found);
  return found;
}

async function configured(
  database: DatabaseConfig,
  from: string,
  { root, env }: UrlQuestion,
): Promise<ChosenUrl | undefined> {
  const { url, env: names, defaultUrl } = database;
  if (url !== undefined) return checked(await urlFrom(url, from), from, root);
  for (const name of names ?? []) {
    const value = env[name]?.trim();
    if (value) return checked(value, name, root);
  }
  // Who names Supabase's variable means its other ones too.
  if (names?.includes('SUPABASE_DB_URL')) {
    const supabase = supabaseUrl(env);
    if (supabase !== undefined) return checked(supabase.url, supabase.from, root);
  }
  if (defaultUrl !== undefined) return checked(defaultUrl, 'default', root);
  if (names !== undefined && names.length > 0) throw noneSet(names);
  return undefined;
}

function checked(url: string, from: string, root: string): ChosenUrl {
  return { ...checkUrl(url, from, root), from };
}

async function urlFrom(url: NonNullable<DatabaseConfig['url']>, from: string): Promise<string> {
  if (typeof url === 'string') return url;
  let value: unknown;
  try {
    value = await url();
  } catch (cause) {
    // The cause may quote the secret: only its kind is told.
    const kind = cause instanceof Error ? cause.name : typeof cause;
    throw new GodwitError(
      'GODWIT_URL_INVALID',
      `The function that finds the database URL (${from}) failed with ${kind}.`,
      {
        state: 'No database was contacted.',
        cause,
      },
    );
  }
  if (typeof value === 'string') return value;
  throw new GodwitError(
    'GODWIT_URL_INVALID',
    `The function that finds the database URL (${from}) returned no text.`,
    {
      state: 'No database was contacted.',
    },
  );
}

async function unconfigured(question: UrlQuestion): Promise<ChosenUrl> {
  const { env, root, overrides, database } = question;
  const driver = overrides.driver ?? database.driver;
  const own = env.GODWIT_DATABASE_URL?.trim();
  if (own) return checked(own, 'GODWIT_DATABASE_URL', root);
  const wanted = driver ? familyOfDriver(driver) : await question.family();
  const usual = usualCandidates(env, wanted, driver);
  const first = usual.find(({ url }) => driverOfScheme(url) !== undefined);
  if (first !== undefined) {
    refuseAmbiguous(usual, wanted);
    return checked(first.url, first.from, root);
  }
  const supabase = wanted === 'mongodb' || driver === 'pglite' ? undefined : supabaseUrl(env);
  if (supabase !== undefined) return checked(supabase.url, supabase.from, root);
  const server =
    wanted === 'mongodb' || driver === 'pglite' ? undefined : postgresFromEnvironment(env);
  if (server !== undefined) return checked(server, 'PG* variables', root);
  const other = usual[0];
  if (other !== undefined) return checked(other.url, other.from, root);
  return embedded(question, wanted, driver);
}

interface Candidate {
  readonly from: string;
  readonly url: string;
}

/** Set variables, without those whose database the migrations are not written for. */
function usualCandidates(
  env: Environment,
  wanted: DatabaseFamily | undefined,
  driver: DriverName | undefined,
): Candidate[] {
  return USUAL_VARIABLES.flatMap((name) => {
    const url = env[name]?.trim();
    if (!url) return [];
    const speaks = driverOfScheme(url);
    if (speaks === undefined) return [{ from: name, url }];
    if (driver !== undefined && speaks !== driver) return [];
    return wanted === undefined || familyOfDriver(speaks) === wanted ? [{ from: name, url }] : [];
  });
}

function familyOfDriver(driver: DriverName): DatabaseFamily {
  return driver === 'mongodb' ? 'mongodb' : 'sql';
}

function refuseAmbiguous(
  candidates: readonly Candidate[],
  wanted: DatabaseFamily | undefined,
): void {
  if (wanted !== undefined) return;
  const families = new Set(
    candidates.flatMap(({ url }) => {
      const driver = driverOfScheme(url);
      return driver === undefined ? [] : [familyOfDriver(driver)];
    }),
  );
  if (families.size < 2) return;
  const names = candidates.map(({ from }) => from);
  throw new GodwitError(
    'GODWIT_CONFIG_INVALID',
    `${names.join(' and ')} are both set and name different databases, and the migrations do not tell which is meant.`,
    {
      state: 'No database was contacted.',
      next: [...names.map((name) => `godwit status --url "$${name}"`), 'godwit init'],
    },
  );
}

async function embedded(
  { root, production }: UrlQuestion,
  wanted: DatabaseFamily | undefined,
  driver: DriverName | undefined,
): Promise<ChosenUrl> {
  // An empty database of one's own is a help at a desk and a trap in production.
  if (production || wanted === undefined || driver === 'postgres') throw noUrl(production);
  if (wanted === 'mongodb') return { driver: 'mongodb', url: EMBEDDED_MONGODB, from: 'embedded' };
  return { driver: 'pglite', url: embeddedPostgres(root), from: 'embedded' };
}

function noUrl(production: boolean): GodwitError {
  const why = production ? ' In production no embedded database is used.' : '';
  return new GodwitError('GODWIT_URL_MISSING', `Nothing says which database to use.${why}`, {
    state: 'No database was contacted.',
    next: [
      'godwit status --url postgres://USER@127.0.0.1:5432/NAME',
      'godwit status --url mongodb://127.0.0.1:27017/NAME',
      'export DATABASE_URL=…',
      'godwit init',
    ],
  });
}

function noneSet(names: readonly string[]): GodwitError {
  const list = names.length === 1 ? `${names[0]} is not set` : `None of ${names.join(', ')} is set`;
  return new GodwitError('GODWIT_URL_MISSING', `${list}, and the config has no defaultUrl.`, {
    state: 'No database was contacted.',
    next: [`export ${names[0]}=…`, 'godwit status --url …'],
  });
}

function mismatch(driver: DriverName, found: ChosenUrl): GodwitError {
  return new GodwitError(
    'GODWIT_URL_INVALID',
    `The driver is "${driver}", but the URL from ${found.from} is one for ${found.driver}.`,
    { state: 'No database was contacted.', next: [`godwit status --driver ${found.driver}`] },
  );
}
