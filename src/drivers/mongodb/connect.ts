import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Db, MongoClient, MongoClientOptions } from 'mongodb';
import { GodwitError, thrownMessage } from '../../errors.ts';
import type { OpenOptions, Target } from '../../ports/driver.ts';
import { SERVER_CODE, scrub, serverCode } from './errors.ts';
import { loadDriver } from './load-driver.ts';
import { Topology } from './topology.ts';

export interface Connection {
  readonly client: MongoClient;
  readonly db: Db;
  readonly topology: Topology;
  readonly target: Target;
  /** Such as `mongodb 7.8.0 (project)`. */
  readonly driver: string;
  /** Name that only this process's connections have; undefined for a caller's client. */
  readonly app: string | undefined;
  /** Closes what godwit opened; a caller's client stays open. */
  close(): Promise<void>;
}

/** What a mongoose connection has, of all that may be given. */
interface MongooseConnection {
  getClient(): MongoClient;
  asPromise?(): Promise<unknown>;
  readonly name?: string;
}

/** @throws GodwitError `GODWIT_CONNECT_FAILED`, `GODWIT_AUTH_FAILED`, `GODWIT_URL_INVALID` */
export async function connect(options: OpenOptions): Promise<Connection> {
  return options.client === undefined ? connectByUrl(options) : useGiven(options);
}

async function connectByUrl(options: OpenOptions): Promise<Connection> {
  const { module, version, from } = loadDriver(options.root);
  const client = createClient(module.MongoClient, options);
  const topology = new Topology();
  topology.watch(client);
  try {
    await withDeadline(client.connect(), options.connectTimeoutMs + 500);
  } catch (error) {
    // Not awaited for long: what could not connect may not close quickly either.
    await withDeadline(client.close(), 200).catch(() => {});
    throw connectError(error, options);
  }
  const db = client.db();
  return {
    client,
    db,
    topology,
    target: describeTarget(client, db),
    driver: `mongodb ${version} (${from})`,
    app: client.options.appName,
    close: async () => {
      topology.unwatch();
      await client.close();
    },
  };
}

async function useGiven(options: OpenOptions): Promise<Connection> {
  const { client, database } = await unwrap(options.client, options.connectTimeoutMs);
  const topology = new Topology();
  topology.watch(client);
  try {
    await withDeadline(client.connect(), options.connectTimeoutMs + 500);
  } catch (error) {
    topology.unwatch();
    throw connectError(error, options);
  }
  const db = client.db(database);
  return {
    client,
    db,
    topology,
    target: describeTarget(client, db),
    driver: 'given by the program',
    app: undefined,
    close: async () => topology.unwatch(),
  };
}

async function unwrap(
  given: unknown,
  timeoutMs: number,
): Promise<{ client: MongoClient; database: string | undefined }> {
  const value = given as Partial<MongoClient> &
    Partial<MongooseConnection> & { connection?: unknown };
  if (typeof value?.db === 'function' && typeof value.startSession === 'function') {
    return { client: given as MongoClient, database: undefined };
  }
  if (typeof value?.getClient === 'function') {
    if (value.asPromise) await withDeadline(value.asPromise(), timeoutMs);
    return { client: value.getClient(), database: value.name };
  }
  if (value?.connection !== undefined) return unwrap(value.connection, timeoutMs);
  throw new GodwitError(
    'GODWIT_CONFIG_INVALID',
    '`client` is neither a MongoClient nor a mongoose connection.',
  );
}

function createClient(Client: typeof MongoClient, options: OpenOptions): MongoClient {
  const timeout = options.connectTimeoutMs;
  const settings: MongoClientOptions = {
    serverSelectionTimeoutMS: timeout,
    connectTimeoutMS: timeout,
    appName: uniqueName(options.url),
    ...tlsSettings(options),
  };
  try {
    return new Client(options.url, settings);
  } catch (error) {
    throw new GodwitError(
      'GODWIT_URL_INVALID',
      `The MongoDB URL is not valid: ${scrub(thrownMessage(error), options.url)}`,
      { state: 'Nothing was done.', next: ['write it like mongodb://host:27017/database'] },
    );
  }
}

/** The URL's or ours, and a few digits, so that a successor can tell whose work goes on. */
function uniqueName(url: string): string {
  const [, named = 'godwit'] = /[?&]appName=([^&#]*)/i.exec(url) ?? [];
  return `${named.slice(0, 100)} ${randomBytes(6).toString('hex')}`;
}

function tlsSettings({ tls }: OpenOptions): MongoClientOptions {
  if (tls === undefined) return {};
  const file = (path: string | undefined): Buffer | undefined =>
    path === undefined ? undefined : readPem(path);
  const ca = file(tls.caFile);
  const cert = file(tls.certFile);
  const key = file(tls.keyFile ?? tls.certFile);
  const settings: Record<string, unknown> = {
    ...((tls.enabled ?? (ca !== undefined || cert !== undefined)) && { tls: true }),
    ...(tls.enabled === false && { tls: false }),
    ...(ca && { ca }),
    ...(cert && { cert, key }),
    ...(tls.rejectUnauthorized === false && { tlsAllowInvalidCertificates: true }),
  };
  return settings as MongoClientOptions;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new GodwitError('GODWIT_FILE_UNREADABLE', `The TLS file ${path} cannot be read.`, {
      where: { file: path },
      cause,
    });
  }
}

function describeTarget(client: MongoClient, db: Db): Target {
  const { hosts, srvHost, credentials } = client.options;
  const user = credentials?.username;
  return {
    driver: 'mongodb',
    host: srvHost ?? hosts.map(String).join(','),
    database: db.databaseName,
    ...(user && { user }),
  };
}

function connectError(error: unknown, { url, connectTimeoutMs }: OpenOptions): GodwitError {
  if (error instanceof GodwitError) return error;
  const message = scrub(thrownMessage(error), url);
  const code = serverCode(error) ?? serverCode((error as { cause?: unknown }).cause);
  const login =
    code === SERVER_CODE.authenticationFailed ||
    code === SERVER_CODE.atlasError ||
    /authentication failed/i.test(message);
  if (login) {
    return new GodwitError('GODWIT_AUTH_FAILED', `The server refused the login: ${message}`, {
      state: 'Nothing was done.',
      next: ['check user, password and authSource in the URL'],
      cause: error,
    });
  }
  return new GodwitError(
    'GODWIT_CONNECT_FAILED',
    `No MongoDB that takes writes answered within ${connectTimeoutMs} ms: ${message}`,
    {
      state: 'Nothing was done.',
      next: ['check that the server runs and that host and port are right', 'godwit doctor'],
      cause: error,
    },
  );
}

/** The driver's own limits do not cover DNS. */
async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
