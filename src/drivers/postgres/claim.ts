import { GodwitError } from '../../errors.ts';
import type { AcquireOptions, LockHolder } from '../../ports/session.ts';
import { type Connection, sqlState } from './connection.ts';
import { isMissing } from './history.ts';
import { advisoryLockRows, holderColumns, toHolder } from './holder.ts';
import { checkFormat, createSchema, FORMAT } from './schema.ts';
import { begin, type Store } from './store.ts';
import { jsonLiteral, literal } from './text.ts';

/** How the row of godwit.lock is taken. */
export interface ClaimMode {
  readonly mode: 'advisory' | 'lease' | 'file';
  /** Lease only. */
  readonly token?: string | undefined;
  readonly leaseMs?: number | undefined;
}

export interface Claim {
  readonly fence: number;
  readonly succeeded: LockHolder | undefined;
}

/**
 * Writes down the holder and takes the next fence. A session lock and a lease exclude
 * each other here: a lease that is alive, or whose work goes on, refuses both.
 *
 * @returns undefined when somebody else's lock stands in the way
 * @throws GodwitError GODWIT_PERMISSION_DENIED, GODWIT_HISTORY_NEWER
 */
export async function claim(
  connection: Connection,
  store: Store,
  options: AcquireOptions,
  how: ClaimMode,
): Promise<Claim | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const row = await tryClaim(connection, store, options, how);
      const state = row?.[0];
      if (row && state === 'taken' && row[2] === 't') return toClaim(row);
      if (state === 'busy') return undefined;
      checkFormat(row?.[1], store);
    } catch (error) {
      if (connection.state === 'E') await connection.simple('rollback');
      if (!isMissing(error)) throw claimError(error, store);
    }
    if (attempt >= 3) throw new GodwitError('GODWIT_INTERNAL', 'The lock row cannot be made.');
    await createSchema(connection, store).catch((error: unknown) => {
      throw claimError(error, store);
    });
  }
}

/**
 * `taken` or `busy`, the format, whether the history is there, and the holder before. The table
 * has one row, but no statistics: without `limit 1` the planner expects millions of this
 * statement, and the server compiles it (JIT) for most of a second.
 */
async function tryClaim(
  connection: Connection,
  store: Store,
  options: AcquireOptions,
  { mode, token, leaseMs }: ClaimMode,
): Promise<readonly (string | null)[] | undefined> {
  const until =
    leaseMs === undefined
      ? 'null'
      : `pg_catalog.clock_timestamp() + interval '${Math.round(leaseMs)} milliseconds'`;
  const free = mode === 'lease' ? `and not exists (${advisoryLockRows(store)})` : '';
  const results = await connection.simple(
    `${begin(store)}
    with o as (select * from ${store.lock} limit 1 for update skip locked),
    t as (update ${store.lock} l set fence = o.fence + 1, mode = ${literal(mode)},
      token = ${token === undefined ? 'null' : literal(token)}, by = ${jsonLiteral(options.by)},
      command = ${literal(options.command)}, since = pg_catalog.clock_timestamp(),
      pid = pg_catalog.pg_backend_pid(), expires_at = ${until}
      from o where l.one = o.one and o.format <= ${FORMAT}
        and not (o.mode = 'lease' and o.token is not null and o.expires_at > pg_catalog.clock_timestamp())
        ${free}
      returning l.fence)
    select case when t.fence is not null then 'taken' else 'busy' end, l.format,
      pg_catalog.to_regclass(${literal(store.history)}) is not null, t.fence, ${holderColumns(store)}
    from (select * from ${store.lock} limit 1) l left join t on true
    where t.fence is not null or l.format <= ${FORMAT};
    select max(format) from ${store.lock};commit`,
  );
  const [taken, format] = results.slice(-3);
  return taken?.rows[0] ?? ['none', format?.rows[0]?.[0] ?? null];
}

function toClaim(row: readonly (string | null)[]): Claim {
  // The join reads the row as it was before the update: the holder of before.
  const before = toHolder(row.slice(4));
  return { fence: Number(row[3]), succeeded: before && { ...before, alive: false } };
}

/** What is wrong when the schema cannot be made or written to. */
function claimError(error: unknown, store: Store): unknown {
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  if (state === '42501') {
    return new GodwitError(
      'GODWIT_PERMISSION_DENIED',
      `godwit may not keep its records in schema ${store.schema}: ${message}.`,
      {
        cause: error,
        state: 'Nothing was changed.',
        next: [
          'grant create on database <database> to <user>',
          `or let an administrator make it: create schema ${store.schema} authorization <user>`,
        ],
      },
    );
  }
  if (state === '25006') {
    return new GodwitError('GODWIT_PERMISSION_DENIED', `The database is read-only: ${message}.`, {
      cause: error,
      state: 'Nothing was changed.',
      next: ['connect to the primary, or as a user that may write'],
    });
  }
  return error;
}
