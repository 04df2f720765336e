import type { ErrorInfo } from '../../errors.ts';
import type { Actor, HistoryEvent, RunHeader } from '../../ports/history.ts';

type Row = readonly (string | null)[];

/** Whole milliseconds, because that is what a Date holds. */
const AT = 'pg_catalog.floor(extract(epoch from h.at)*1000)';

/** Booleans and numbers come as text; JSON is parsed here. */
export const VERSION_COLUMNS = `h.kind,h.version,h.id,h.name,h.event,h.status,h.direction,h.run,h.fence,h.seq,${AT},h.duration_ms,h.checksum,h.normalized,h.description,h.author,h.error,h.effect,h.resume,h.statements,h.prefix,h.before`;

export const EVENT_COLUMNS = `${VERSION_COLUMNS},h.via,h.result,h.reason,h.backup,h.by`;

/** Nobody asks the fold who made a record, so `versions` does not fetch it. */
const NOBODY: Actor = { host: '', user: '', pid: 0, godwit: '' };

export function toVersionEvent(row: Row): HistoryEvent {
  return assemble(row, NOBODY);
}

export function toEvent(row: Row): HistoryEvent {
  return assemble(row, JSON.parse(row[26] ?? '{}') as Actor);
}

function assemble(row: Row, by: Actor): HistoryEvent {
  const header = headerOf(row, by);
  const place = { seq: Number(row[9]), at: new Date(Number(row[10])) };
  switch (row[4]) {
    case 'started':
      return { ...header, event: 'started', resume: (row[18] ?? 'ask') as 'ask', ...place };
    case 'checkpoint':
      return {
        ...header,
        event: 'checkpoint',
        statements: Number(row[19]),
        prefix: row[20] ?? '',
        ...(row[21] === 't' && { before: true }),
        ...place,
      };
    case 'accepted':
      return {
        ...header,
        event: 'accepted',
        ...(row[24] != null && { reason: row[24] }),
        ...place,
      };
    default:
      return {
        ...header,
        event: 'ended',
        status: (row[5] ?? 'failed') as 'failed',
        effect: (row[17] ?? 'none') as 'none',
        via: (row[22] ?? 'run') as 'run',
        durationMs: Number(row[11] ?? 0),
        ...(row[23] != null && { result: JSON.parse(row[23]) as unknown }),
        ...(row[16] != null && { error: JSON.parse(row[16]) as ErrorInfo }),
        ...(row[24] != null && { reason: row[24] }),
        ...(row[25] != null && { backup: row[25] }),
        ...place,
      };
  }
}

function headerOf(row: Row, by: Actor): RunHeader {
  return {
    run: row[7] ?? '',
    kind: (row[0] ?? 'migration') as 'migration',
    version: row[1] ?? '',
    id: row[2] ?? '',
    name: row[3] ?? '',
    direction: (row[6] ?? 'up') as 'up',
    ...(row[14] != null && { description: row[14] }),
    ...(row[15] != null && { author: row[15] }),
    ...(row[12] != null && { checksum: row[12] }),
    ...(row[13] != null && { normalized: row[13] }),
    by,
    fence: Number(row[8]),
  };
}
