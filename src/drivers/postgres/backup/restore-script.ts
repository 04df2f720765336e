import { GodwitError } from '../../../errors.ts';
import type { RestoreBackup, RestoreReport } from '../../../ports/backup.ts';
import { type Connection, isServerError } from '../connection.ts';
import { messageOf } from '../errors.ts';
import { stoppedError } from '../interrupt.ts';
import { localRole } from '../store.ts';
import type { BackupPlace } from './backups.ts';
import { RESTORING } from './frame.ts';
import { loadScript } from './load-script.ts';
import { lockTitle, measureContents } from './measure.ts';
import { readOwnSchema } from './own-schema.ts';
import { differingKinds, printSchema } from './schema-print.ts';
import { watchWaiting } from './watch-waiting.ts';

/**
 * Runs a script in one transaction, and commits only when what is there is what the
 * manifest says.
 */
export async function restoreScript(
  place: BackupPlace,
  connection: Connection,
  file: string,
  options: RestoreBackup,
): Promise<RestoreReport> {
  const { manifest, signal } = options;
  const total = manifest.contents.filter(({ rows }) => rows !== undefined).length;
  const unwatch = cancelOn(signal, place, connection);
  const seen = watchWaiting(place, connection, (whom) =>
    options.onProgress({ name: `waiting for ${whom}`, done: 0, total, rows: 0 }),
  );
  try {
    await connection.simple(`begin;${localRole(place.store)}${RESTORING}`);
    await loadScript(connection, file, { ...options, total });
    const managed = manifest.schemas ?? [];
    const contents = await measureContents(connection, managed, lockTitle(place.store), options);
    insistOnSame(manifest, contents);
    const notes = await compareSchema(connection, managed, manifest.schema);
    if (signal.aborted) throw stoppedError();
    await connection.simple('commit');
    return { tool: 'godwit', contents, notes };
  } catch (error) {
    if (!connection.lost.aborted && connection.state !== 'I') {
      await connection.simple('rollback').catch(() => undefined);
    }
    throw signal.aborted ? unchanged(stoppedError()) : failure(error);
  } finally {
    unwatch();
    await seen();
  }
}

const UNCHANGED = 'The database is as it was before: the restore was one transaction.';

function failure(error: unknown): GodwitError {
  if (error instanceof GodwitError) return unchanged(error);
  const message = isServerError(error)
    ? messageOf(error)
    : error instanceof Error
      ? error.message
      : String(error);
  return new GodwitError('GODWIT_RESTORE_FAILED', `The restore failed: ${message}`, {
    cause: error,
    state: UNCHANGED,
    next: ['mend what is named, then restore again'],
  });
}

function unchanged(error: GodwitError): GodwitError {
  const { code, message, next } = error;
  return new GodwitError(code, message, { cause: error, next, state: UNCHANGED });
}

/** Told, not refused: another version of the server may word the same thing otherwise. */
async function compareSchema(
  connection: Connection,
  managed: readonly string[],
  wanted: RestoreBackup['manifest']['schema'],
): Promise<string[]> {
  if (wanted === undefined) return [];
  const kinds = differingKinds(wanted, printSchema(await readOwnSchema(connection, managed)));
  if (kinds.length === 0) return [];
  return [`Not exactly as in the backup, although all rows are: ${kinds.join(', ')}.`];
}

function insistOnSame(
  { contents: wanted }: RestoreBackup['manifest'],
  found: RestoreReport['contents'],
): void {
  const key = ({ name, rows, fingerprint }: (typeof wanted)[number]): string =>
    JSON.stringify([name, rows, fingerprint]);
  const there = new Set(found.map(key));
  const other = wanted.filter((content) => !there.has(key(content))).map(({ name }) => name);
  const known = new Set(wanted.map(({ name }) => name));
  const more = found.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  if (other.length + more.length === 0) return;
  const list = [...other, ...more.map((name) => `${name} (not in the backup)`)].join(', ');
  throw new GodwitError(
    'GODWIT_RESTORE_FAILED',
    `What was restored is not what the backup's manifest says: ${list}.`,
  );
}

/** A long CREATE INDEX is not waited for. */
function cancelOn(signal: AbortSignal, place: BackupPlace, connection: Connection): () => void {
  const cancel = async (): Promise<void> => {
    const observer = await place.observer().catch(() => undefined);
    if (connection.pid === undefined || !observer) return;
    await observer
      .simple(`select pg_catalog.pg_cancel_backend(${connection.pid})`)
      .catch(() => undefined);
  };
  const listener = (): void => void cancel();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
