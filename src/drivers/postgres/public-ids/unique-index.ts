import { GodwitError } from '../../../errors.ts';
import type { PublicIdCall } from '../../../ports/public-ids.ts';
import { isServerError, sqlState } from '../connection.ts';
import { ident, literal } from '../text.ts';
import { pause } from '../wait.ts';
import type { Workplace } from '../workplace.ts';
import { refuseDuplicates } from './conflicts.ts';
import { regclass } from './inspect.ts';

const UNIQUE_VIOLATION = '23505';

/**
 * Builds it while the application goes on, over the session that has the lock: so what the
 * server still does for a client that was killed is under the lock too. Waits for other
 * transactions as long as they last.
 */
export async function buildUniqueIndex(place: Workplace, call: PublicIdCall): Promise<void> {
  const { connection, keepsSession, store } = place;
  const { column, names, stop } = call;
  if (!keepsSession && store.role !== undefined) throw needsSession();
  await dropInvalid(place, call);
  const table =
    column.schema === undefined
      ? ident(column.table)
      : `${ident(column.schema)}.${ident(column.table)}`;
  const cancel = (): void => {
    void cancelWork(place);
  };
  stop.throwIfAborted();
  stop.addEventListener('abort', cancel, { once: true });
  try {
    if (keepsSession) await connection.simple(before(store.role));
    await connection.simple(
      `create unique index concurrently ${ident(names.unique)} on ${table} (${ident(column.column)})`,
    );
  } catch (thrown) {
    if (connection.lost.aborted) throw thrown;
    await dropInvalid(place, call).catch(() => undefined);
    if (stop.aborted) throw stopped(thrown);
    if (sqlState(thrown) === UNIQUE_VIOLATION) await refuseDuplicates(connection, call);
    throw thrown;
  } finally {
    stop.removeEventListener('abort', cancel);
    if (keepsSession && !connection.lost.aborted) {
      await connection.simple('reset lock_timeout;reset statement_timeout;reset role');
    }
  }
}

function before(role: string | undefined): string {
  const limits = 'set lock_timeout=0;set statement_timeout=0';
  return role === undefined ? limits : `${limits};set role ${ident(role)}`;
}

/** What an earlier attempt left costs every write and serves no query. */
async function dropInvalid({ connection }: Workplace, call: PublicIdCall): Promise<void> {
  for (;;) {
    const [result] = await connection.simple(
      `select n.nspname, c.relname,
        exists (select 1 from pg_catalog.pg_stat_progress_create_index p where p.index_relid = c.oid)
      from pg_catalog.pg_index i
      join pg_catalog.pg_class c on c.oid = i.indexrelid
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where i.indrelid = ${regclass(call.column)} and c.relname = ${literal(call.names.unique)}
        and not i.indisvalid`,
    );
    const [found] = result?.rows ?? [];
    if (!found) return;
    const [schema, name, building] = found;
    if (building === 't') await pause(200, call.stop);
    else
      await connection.simple(
        `drop index concurrently ${ident(schema ?? '')}.${ident(name ?? '')}`,
      );
  }
}

async function cancelWork(place: Workplace): Promise<void> {
  const pid = place.lock.backendPid();
  const observer = pid === undefined ? undefined : await place.observer().catch(() => undefined);
  await observer?.simple(`select pg_catalog.pg_cancel_backend(${pid})`).catch(() => undefined);
}

function stopped(cause: unknown): GodwitError {
  const message = isServerError(cause) ? ` (${cause.message})` : '';
  return new GodwitError('GODWIT_STOPPED', `The build of the unique index was stopped${message}.`, {
    cause,
    state: 'The index is not there; what was finished before is.',
    next: ['go on: godwit backfill public-ids'],
  });
}

function needsSession(): GodwitError {
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    'An index cannot be built concurrently under a role behind a pooler in transaction mode.',
    {
      state: 'Nothing was changed.',
      next: [
        'use a URL that leads to the server itself: godwit backfill public-ids --url <direct url>',
      ],
    },
  );
}
