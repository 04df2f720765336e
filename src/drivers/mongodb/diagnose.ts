import { thrownMessage } from '../../errors.ts';
import type { Diagnosis } from '../../ports/driver.ts';
import type { Connection } from './connect.ts';
import { scrub } from './errors.ts';
import { readLock } from './lock.ts';
import { RECORD_VERSION } from './record.ts';
import type { Store } from './store.ts';

/** What is looked at: each answers with findings, or throws what it met. */
type Question = (connection: Connection, store: Store, url: string) => Promise<Diagnosis[]>;

const OLDEST_SERVER = [4, 4] as const;
const SKEW_MS = 2000;

/** Reads only. */
export async function diagnose(
  connection: Connection,
  store: Store,
  url: string,
): Promise<Diagnosis[]> {
  const findings: Diagnosis[] = [];
  for (const [name, ask] of Object.entries(QUESTIONS)) {
    try {
      findings.push(...(await ask(connection, store, url)));
    } catch (error) {
      const message = `Could not look at ${name}: ${scrub(thrownMessage(error), url)}`;
      findings.push({ code: `mongodb.${name}`, severity: 'warning', message });
    }
  }
  return findings;
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  server: async ({ client, driver }) => {
    const { version } = await client.db('admin').command({ buildInfo: 1 });
    const [major = 0, minor = 0] = String(version).split('.').map(Number);
    const old =
      major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1]);
    return [
      {
        code: 'mongodb.server',
        severity: old ? 'error' : 'ok',
        message: `MongoDB ${version}, spoken to with ${driver}.`,
        ...(old && { fix: `use MongoDB ${OLDEST_SERVER.join('.')} or later` }),
      },
    ];
  },
  topology: async ({ topology }) => [
    topology.type === 'standalone'
      ? {
          code: 'mongodb.topology',
          severity: 'warning',
          message:
            'A standalone server: no transactions (`transaction: true` is refused), and a record and its mirror are written one after the other.',
          fix: 'run mongod as a replica set; one member is enough',
        }
      : {
          code: 'mongodb.topology',
          severity: 'ok',
          message: `A ${topology.type}: transactions work.`,
        },
  ],
  database: async (_connection, { db }, url) => [
    /^mongodb[^/]*:\/\/[^/?]+\/?(?:\?|$)/.test(url)
      ? {
          code: 'mongodb.database',
          severity: 'warning',
          message: `The URL names no database, so it is ${db.databaseName}, the driver's default.`,
          fix: 'end the URL with /NAME of the database',
        }
      : { code: 'mongodb.database', severity: 'ok', message: `The database ${db.databaseName}.` },
  ],
  rights: async (_connection, store) => [await rights(store)],
  clock: async ({ client }) => {
    const sent = Date.now();
    const { localTime } = await client.db('admin').command({ hello: 1 });
    const received = Date.now();
    const skew = Math.round((localTime as Date).getTime() - (sent + received) / 2);
    const far = Math.abs(skew) > SKEW_MS;
    return [
      {
        code: 'mongodb.clock',
        severity: far ? 'warning' : 'ok',
        message: `The server's clock is ${Math.abs(skew)} ms ${skew < 0 ? 'behind' : 'ahead of'} this machine's. Leases and records go by the server's.`,
        ...(far && { fix: 'synchronise the clocks (NTP)' }),
      },
    ];
  },
  lock: async (_connection, store) => [await lock(store)],
  history: async (_connection, store) => history(store),
};

async function rights(store: Store): Promise<Diagnosis> {
  const answer = await store.db.command({ connectionStatus: 1, showPrivileges: true });
  const info = answer['authInfo'] as AuthInfo | undefined;
  if (!info || info.authenticatedUsers.length === 0) {
    return {
      code: 'mongodb.rights',
      severity: 'ok',
      message: 'No login: the server gives every right.',
    };
  }
  const actions = new Set(
    (info.authenticatedUserPrivileges ?? []).flatMap(({ resource, actions: granted }) =>
      covers(resource, store) ? granted : [],
    ),
  );
  const missing = ['find', 'insert', 'update'].filter((action) => !actions.has(action));
  if (missing.length === 0) {
    return {
      code: 'mongodb.rights',
      severity: 'ok',
      message: 'The history may be read and written.',
    };
  }
  if (!missing.includes('find')) {
    return {
      code: 'mongodb.rights',
      severity: 'info',
      message: 'A read-only login: status, plan and history work; up and down do not.',
      fix: 'to migrate, use a user with the role readWrite on this database',
    };
  }
  return {
    code: 'mongodb.rights',
    severity: 'error',
    message: `The login lacks ${missing.join(', ')} on ${store.historyName}.`,
    fix: 'grant the role readWrite (or read) on this database',
  };
}

interface AuthInfo {
  readonly authenticatedUsers: readonly unknown[];
  readonly authenticatedUserPrivileges?: readonly {
    readonly resource: Resource;
    readonly actions: readonly string[];
  }[];
}
interface Resource {
  readonly db?: string;
  readonly collection?: string;
  readonly anyResource?: boolean;
}

function covers({ db, collection, anyResource }: Resource, store: Store): boolean {
  if (anyResource) return true;
  const sameDb = db === '' || db === store.db.databaseName;
  return sameDb && (collection === '' || collection === store.historyName);
}

async function lock(store: Store): Promise<Diagnosis> {
  const held = await readLock(store);
  if (held === undefined)
    return { code: 'mongodb.lock', severity: 'ok', message: 'The lock is free.' };
  const { by, command, since, alive } = held.holder;
  const who = `${by.user}@${by.host} (pid ${by.pid}), ${command} since ${since.toISOString()}`;
  return alive
    ? { code: 'mongodb.lock', severity: 'info', message: `The lock is held by ${who}.` }
    : {
        code: 'mongodb.lock',
        severity: 'info',
        message: `The lock was left behind by ${who}; the next command that writes succeeds it.`,
      };
}

async function history(store: Store): Promise<Diagnosis[]> {
  const [summary] = await store.history
    .aggregate([
      {
        $group: {
          _id: null,
          count: { $sum: 1 },
          newest: { $max: '$v' },
          last: { $max: '$_id' },
          first: { $min: '$_id' },
          strange: { $sum: { $cond: [{ $isNumber: '$_id' }, 0, 1] } },
        },
      },
    ])
    .toArray();
  const code = 'mongodb.history';
  if (!summary)
    return [
      { code, severity: 'info', message: 'There is no history yet: nothing was ever run here.' },
    ];
  if (Number(summary['newest']) > RECORD_VERSION) {
    return [
      {
        code,
        severity: 'error',
        message: `The history was written by a newer godwit (version ${summary['newest']}).`,
        fix: 'npm install godwit@latest',
      },
    ];
  }
  const gaps = Number(summary['last']) - Number(summary['first']) + 1 !== Number(summary['count']);
  if (gaps || summary['first'] !== 1 || summary['strange'] > 0) {
    return [
      {
        code,
        severity: 'warning',
        message: `The history has gaps: ${summary['count']} records, numbered ${summary['first']} to ${summary['last']}. Records were removed or added by hand.`,
        fix: 'compare with a backup; godwit mark sets single migrations right',
      },
    ];
  }
  return [
    { code, severity: 'ok', message: `The history has ${summary['count']} records, without gaps.` },
  ];
}
