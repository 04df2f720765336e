import { GodwitError } from '../../errors.ts';
import type { Diagnosis } from '../../ports/driver.ts';
import type { Connection } from './connection.ts';
import { PostgresHistory } from './history.ts';
import { readHolder } from './holder.ts';
import type { Store } from './store.ts';
import { ident, literal } from './text.ts';

const OLDEST_TRIED = 15;
const OLDEST = 12;
const SKEW_MS = 5_000;

/** What `doctor` wants to know of this database. Reads only. */
export async function diagnose(connection: Connection, store: Store): Promise<Diagnosis[]> {
  return [
    ...(await server(connection)),
    ...(await rights(connection, store)),
    ...(await history(connection, store)),
    ...(await lock(connection, store)),
    ...(await invalidIndexes(connection)),
  ];
}

async function server(connection: Connection): Promise<Diagnosis[]> {
  const before = Date.now();
  const [result] = await connection.simple(
    `select pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num'),
      extract(epoch from pg_catalog.clock_timestamp())*1000, pg_catalog.pg_backend_pid(),
      pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')`,
  );
  const after = Date.now();
  const [version, number, clock, pid, standby, readOnly] = result?.rows[0] ?? [];
  const major = Math.trunc(Number(number) / 10_000);
  const skew = Math.round(Number(clock) - (before + after) / 2);
  const found: Diagnosis[] = [versionOf(major, version ?? '')];
  if (Math.abs(skew) > SKEW_MS) {
    found.push({
      code: 'clock',
      severity: 'warning',
      message: `The server's clock is ${Math.abs(skew)} ms ${skew > 0 ? 'ahead' : 'behind'}.`,
      fix: "synchronise both clocks; times in the history are the server's",
    });
  } else found.push({ code: 'clock', severity: 'ok', message: `The clocks agree (${skew} ms).` });
  if (standby === 't' || readOnly === 'on') {
    found.push({
      code: 'read-only',
      severity: 'warning',
      message: standby === 't' ? 'This is a standby.' : 'Transactions are read-only here.',
      fix: 'connect to the primary, or as a user that may write, to migrate',
    });
  }
  if (connection.pid !== undefined && Number(pid) !== connection.pid) {
    found.push({
      code: 'pooler',
      severity: 'info',
      message: 'A connection pooler is in between; the lock is a lease if it pools transactions.',
    });
  }
  return found;
}

function versionOf(major: number, version: string): Diagnosis {
  const code = 'server-version';
  const message = `PostgreSQL ${version}.`;
  if (major >= OLDEST_TRIED) return { code, severity: 'ok', message };
  return major >= OLDEST
    ? { code, severity: 'info', message: `${message} It is expected to work, but was not tested.` }
    : { code, severity: 'error', message, fix: `use PostgreSQL ${OLDEST} or newer` };
}

async function rights(connection: Connection, store: Store): Promise<Diagnosis[]> {
  const as = store.role === undefined ? 'current_user' : literal(store.role);
  const [result] = await connection.simple(
    `select current_user, pg_catalog.current_database(),
      pg_catalog.has_database_privilege(${as}, pg_catalog.current_database(), 'create'),
      (select pg_catalog.has_schema_privilege(${as}, oid, 'create') from pg_catalog.pg_namespace
        where nspname = ${literal(store.schema)})`,
  );
  const [user, database, mayCreate, owns] = result?.rows[0] ?? [];
  const enough = owns == null ? mayCreate === 't' : owns === 't';
  if (enough) return [{ code: 'rights', severity: 'ok', message: `${user} may migrate.` }];
  return [
    {
      code: 'rights',
      severity: 'warning',
      message: `${user} may read, but not keep records in schema ${store.schema}.`,
      fix:
        owns == null
          ? `grant create on database ${ident(database ?? '')} to ${ident(user ?? '')}`
          : `grant create, usage on schema ${ident(store.schema)} to ${ident(user ?? '')}`,
    },
  ];
}

async function history(connection: Connection, store: Store): Promise<Diagnosis[]> {
  try {
    const records = await new PostgresHistory(store, async () => connection).versions();
    const message =
      records.length === 0
        ? 'There is no history yet.'
        : `The history knows ${records.length} versions.`;
    return [{ code: 'history', severity: records.length === 0 ? 'info' : 'ok', message }];
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error;
    const fix = error.next?.[0];
    return [{ code: 'history', severity: 'error', message: error.message, ...(fix && { fix }) }];
  }
}

async function lock(connection: Connection, store: Store): Promise<Diagnosis[]> {
  try {
    const holder = await readHolder(connection, store);
    if (!holder) return [{ code: 'lock', severity: 'ok', message: 'Nobody holds the lock.' }];
    const who = `${holder.by.user}@${holder.by.host} (pid ${holder.by.pid}), "${holder.command}"`;
    return holder.alive
      ? [{ code: 'lock', severity: 'info', message: `The lock is held by ${who}.` }]
      : [
          {
            code: 'lock',
            severity: 'info',
            message: `The last holder died: ${who}. The next one takes over.`,
          },
        ];
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error;
    return [];
  }
}

async function invalidIndexes(connection: Connection): Promise<Diagnosis[]> {
  const [result] = await connection.simple(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and c.relkind = 'i' and n.nspname not like 'pg\\_%'
      and not exists (select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid)
    order by 1`,
  );
  return (result?.rows ?? []).map(([name]) => ({
    code: 'invalid-index',
    severity: 'warning',
    message: `The index ${name} is invalid: it costs every write and serves no query.`,
    fix: `drop index concurrently ${name}`,
  }));
}
