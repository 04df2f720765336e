import { randomBytes } from 'node:crypto';
import { GodwitError } from '../../../errors.ts';
import type { BackupData, BackupWork } from '../../../ports/backup.ts';
import { type Connection, isServerError } from '../connection.ts';
import { messageOf } from '../errors.ts';
import type { SchemaDump } from '../snapshot/dump.ts';
import { localRole } from '../store.ts';
import { readAttachments, readSchemaGrants } from './attachments.ts';
import type { BackupPlace } from './backups.ts';
import { copyRows } from './copy-rows.ts';
import { type Extent, readExtent } from './extent.ts';
import type { PgDump } from './find-pg-dump.ts';
import { epilogue, missingExtensions, prologue } from './frame.ts';
import { lockTitle, measureContents, PLAIN_TEXT } from './measure.ts';
import { readOwnSchema, writeOwnSchema } from './own-schema.ts';
import { runPgDump } from './run-pg-dump.ts';
import { printSchema } from './schema-print.ts';
import { ScriptWriter } from './script-writer.ts';

export interface ScriptRequest extends BackupWork {
  readonly connection: Connection;
  readonly program: PgDump | undefined;
  readonly tool: string;
  readonly file: string;
  readonly only: readonly string[] | undefined;
}

/**
 * Writes the script that brings back what one snapshot of the database shows: psql runs it,
 * and so does godwit.
 */
export async function createScript(
  place: BackupPlace,
  request: ScriptRequest,
): Promise<BackupData> {
  const { connection, file, tool } = request;
  const word = randomBytes(12).toString('hex');
  const writer = new ScriptWriter(file, word);
  try {
    await beginReading(place, connection);
    const extent = await readExtent(connection, place.store, request.only);
    const attachments = await readAttachments(connection, extent, {
      events: request.program !== undefined,
    });
    const grants = await readSchemaGrants(connection, extent);
    await writeHead(writer, tool, extent);
    await writer.section('prologue');
    await writer.write(prologue(place.store, extent));
    const dump = await readOwnSchema(connection, extent.managed);
    const notes = await writeDatabase(place, request, { ...extent, dump }, writer);
    await writer.section('epilogue');
    await writer.write(epilogue(place.store, grants, attachments));
    await writer.section('tail');
    await writer.write("COMMIT;\n\\echo 'Restored.'\n");
    const contents = await measureContents(
      connection,
      extent.managed,
      lockTitle(place.store),
      request,
    );
    await writer.end();
    await connection.simple('commit');
    return {
      ...{ tool, consistency: 'snapshot', contents },
      ...(request.only && { only: extent.managed }),
      schemas: extent.managed,
      schema: printSchema(dump),
      notes: [...extent.notes, ...notes],
    };
  } catch (error) {
    await writer.abandon();
    if (!connection.lost.aborted && connection.state !== 'I') {
      await connection.simple('rollback').catch(() => undefined);
    }
    throw isServerError(error)
      ? new GodwitError('GODWIT_BACKUP_FAILED', messageOf(error), { cause: error })
      : error;
  }
}

async function beginReading({ store }: BackupPlace, connection: Connection): Promise<void> {
  await connection.simple(
    `begin isolation level repeatable read read only;${localRole(store)}
    set local statement_timeout = 0; set local lock_timeout = 0;
    set local idle_in_transaction_session_timeout = 0; set local client_encoding = 'UTF8';
    ${PLAIN_TEXT}`,
  );
}

async function writeHead(writer: ScriptWriter, tool: string, extent: Extent): Promise<void> {
  await writer.section('head');
  const names = JSON.stringify(extent.managed).slice(1, -1);
  await writer.write(`--
-- A backup by godwit, ${new Date().toISOString()}, made by ${tool}.
--
--     psql "$DATABASE_URL" < this file
--
-- replaces what is in the database by what was in it then, all or nothing. These schemas
-- are dropped and created again: ${names}${extent.partial ? '' : ', and those made since are dropped'}.
--
\\set ON_ERROR_STOP on
\\set QUIET on
BEGIN;
`);
}

async function writeDatabase(
  place: BackupPlace,
  request: ScriptRequest,
  extent: Extent & { readonly dump: SchemaDump },
  writer: ScriptWriter,
): Promise<readonly string[]> {
  const { connection, program } = request;
  if (program && place.libpq) {
    await writeByPgDump(place, { ...request, program }, extent, writer);
    return [];
  }
  const schema = writeOwnSchema(extent.dump);
  await writer.section('pre-data');
  await writer.write(`${missingExtensions(extent)}${schema.preData}`);
  await writer.section('data');
  await copyRows(connection, extent.managed, writer, request);
  await writer.section('post-data');
  await writer.write(schema.postData);
  return schema.notes;
}

async function writeByPgDump(
  { libpq = {}, store }: BackupPlace,
  { connection, program, signal, onProgress }: ScriptRequest & { readonly program: PgDump },
  extent: Extent,
  writer: ScriptWriter,
): Promise<void> {
  const [exported] = await connection.simple('select pg_catalog.pg_export_snapshot()');
  const { managed } = extent;
  const extensions = extent.extensions
    .filter(({ schema }) => managed.includes(schema))
    .map(({ name }) => name);
  for (const section of ['pre-data', 'data', 'post-data'] as const) {
    await writer.section(section);
    if (section === 'pre-data') await writer.write(missingExtensions(extent));
    let bytes = 0;
    const request = {
      ...{ program, env: libpq, role: store.role, section, signal, extensions },
      snapshot: String(exported?.rows[0]?.[0]),
      schemas: managed,
    };
    await runPgDump(request, (chunk) => {
      bytes += chunk.length;
      const name = `${section}, ${Math.round(bytes / 1e6)} MB`;
      onProgress({ name, done: 0, total: 0, rows: 0 });
      return writer.write(chunk);
    });
  }
}
