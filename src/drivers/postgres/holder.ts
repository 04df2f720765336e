import { GodwitError } from '../../errors.ts';
import type { Actor } from '../../ports/history.ts';
import type { LockHolder } from '../../ports/session.ts';
import { type Connection, type SimpleResult, sqlState } from './connection.ts';
import { isMissing, readError } from './history.ts';
import { asReader, begin, readerOffset, type Store } from './store.ts';
import { literal } from './text.ts';

/** The advisory lock as pg_locks shows it: a bigint key is split into two halves. */
export function advisoryLockRows(store: Store): string {
  const key = BigInt.asUintN(64, store.lockKey);
  return `select pid from pg_catalog.pg_locks where locktype = 'advisory' and granted and objsubid = 1
    and classid = ${key >> 32n} and objid = ${key & 0xffffffffn}
    and database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`;
}

/** Whether the row's lock is really held, by what the server knows. */
function aliveSql(store: Store): string {
  return `case l.mode
    when 'advisory' then coalesce(l.pid in (${advisoryLockRows(store)}), false)
    else coalesce(l.token is not null and l.expires_at > pg_catalog.clock_timestamp(), false) end`;
}

export function holderColumns(store: Store): string {
  return `l.by, l.command, pg_catalog.floor(extract(epoch from l.since)*1000), l.fence,
    pg_catalog.floor(extract(epoch from l.expires_at)*1000), ${aliveSql(store)}`;
}

/** The holder by the row of godwit.lock, corrected by what pg_locks says. Reads only. */
export async function readHolder(
  connection: Connection,
  store: Store,
): Promise<LockHolder | undefined> {
  const sql = `select ${holderColumns(store)} from ${store.lock} l where l.by is not null`;
  let row: readonly (string | null)[] | undefined;
  try {
    const results = await connection.simple(asReader(store, sql));
    row = results[readerOffset(store)]?.rows[0];
  } catch (error) {
    if (connection.state === 'E') await connection.simple('rollback');
    if (!isMissing(error)) throw readError(error, store);
  }
  const holder = row && toHolder(row);
  return holder?.alive ? holder : ((await readStranger(connection, store)) ?? holder);
}

export function toHolder(row: readonly (string | null)[]): LockHolder | undefined {
  const [by, command, since, fence, expiresAt, alive] = row;
  if (by == null) return undefined;
  return {
    by: JSON.parse(by) as Actor,
    command: command ?? '',
    since: new Date(Number(since)),
    fence: Number(fence),
    ...(expiresAt != null && { expiresAt: new Date(Number(expiresAt)) }),
    alive: alive === 't',
  };
}

/** Somebody has the lock and has not yet, or could not, write down who he is. */
async function readStranger(connection: Connection, store: Store): Promise<LockHolder | undefined> {
  const [result] = await connection.simple(
    `select a.pid, coalesce(a.usename, ''), coalesce(pg_catalog.host(a.client_addr), 'local'),
      pg_catalog.floor(extract(epoch from coalesce(a.backend_start, pg_catalog.now()))*1000)
    from pg_catalog.pg_stat_activity a where a.pid in (${advisoryLockRows(store)}) limit 1`,
  );
  const row = result?.rows[0];
  if (!row) return undefined;
  const [pid, user, host, since] = row;
  return {
    by: { host: host ?? '', user: user ?? '', pid: Number(pid), godwit: '' },
    command: 'starting',
    since: new Date(Number(since)),
    fence: 0,
    alive: true,
  };
}

/** Takes the lock away from exactly this holder. */
export async function breakLock(
  connection: Connection,
  store: Store,
  holder: LockHolder,
): Promise<boolean> {
  try {
    const ended = await terminate(connection, store, holder.fence);
    const cleared = await clear(connection, store, holder.fence);
    return ended || cleared;
  } catch (error) {
    if (connection.state === 'E') await connection.simple('rollback');
    if (isMissing(error)) return false;
    if (sqlState(error) !== '42501') throw error;
    throw new GodwitError(
      'GODWIT_PERMISSION_DENIED',
      "This user may not end the holder's session.",
      {
        cause: error,
        next: ['use the same user as the holder, or: grant pg_signal_backend to <user>'],
      },
    );
  }
}

/** Ends the session that has the advisory lock, or that works under the lease right now. */
async function terminate(connection: Connection, store: Store, fence: number): Promise<boolean> {
  const workers = `select k.pid from pg_catalog.pg_locks k where k.granted and k.mode = 'RowShareLock'
    and k.relation = pg_catalog.to_regclass(${literal(store.lock)}) and k.pid <> pg_catalog.pg_backend_pid()`;
  const [found] = await connection.simple(
    `select l.mode, pg_catalog.pg_terminate_backend(p.pid), p.pid
    from ${store.lock} l, lateral (
      select pid from (${advisoryLockRows(store)}) a where l.mode = 'advisory' and a.pid = l.pid
      union select pid from (${workers}) w where l.mode = 'lease') p
    where l.fence = ${fence}`,
  );
  const pids = (found?.rows ?? []).map((row) => row[2]);
  if (pids.length === 0) return false;
  for (let wait = 0; wait < 100; wait++) {
    const [left] = await connection.simple(
      `select 1 from pg_catalog.pg_stat_activity where pid in (${pids.join(',')})`,
    );
    if (left?.rowCount === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

async function clear(connection: Connection, store: Store, fence: number): Promise<boolean> {
  const results = await connection.simple(
    `${begin(store)}set local lock_timeout='3s';update ${store.lock} set by = null, command = null,
      since = null, pid = null, token = null, expires_at = null
      where fence = ${fence} and by is not null;commit`,
  );
  const updated = results.find((result: SimpleResult) => result.command.startsWith('UPDATE'));
  return updated?.command === 'UPDATE 1';
}
