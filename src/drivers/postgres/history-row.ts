import type { Actor, HistoryEvent } from '../../ports/history.ts';

type Row = readonly (string | null)[];

/** Whole milliseconds, because that is what a Date holds. */
const AT = 'pg_catalog.floor(extract(epoch from h.at)*1000)';

/** Booleans and numbers come as text; JSON is parsed here. */
export const VERSION_COLUMNS = `h.kind,h.version,h.id,h.name,h.event,h.status,h.direction,h.run,h.fence,h.seq,${AT},h.duration_ms,h.checksum,h.normalized,h.description,h.author,h.error,h.effect,h.resume,h.statements,h.prefix,h.before`;

export const EVENT_COLUMNS = `${VERSION_COLUMNS},h.via,h.result,h.reason,h.backup,h.by,h.counts`;

/** Nobody asks the fold who made a record, so `versions` does not fetch it. */
const NOBODY: Actor = { host: '', user: '', pid: 0, godwit: '' };

export function toVersionEvent(row: Row): HistoryEvent {
  return assemble(row, NOBODY);
}

export function toEvent(row: Row): HistoryEvent {
  return assemble(row, JSON.parse(row[26] ?? '{}') as Actor);
}

/**
 * Property by property: with spreads, which copy each row several times, reading 10,000
 * records took a tenth longer.
 */
function assemble(row: Row, by: Actor): HistoryEvent {
  const event = headerOf(row, by);
  switch (row[4]) {
    case 'started':
      event['event'] = 'started';
      event['resume'] = row[18] ?? 'ask';
      break;
    case 'checkpoint':
      event['event'] = 'checkpoint';
      event['statements'] = Number(row[19]);
      event['prefix'] = row[20] ?? '';
      if (row[21] === 't') event['before'] = true;
      break;
    case 'accepted':
      event['event'] = 'accepted';
      if (row[24] != null) event['reason'] = row[24];
      break;
    default:
      addEnded(event, row);
  }
  event['seq'] = Number(row[9]);
  event['at'] = new Date(Number(row[10]));
  return event as unknown as HistoryEvent;
}

function addEnded(event: Record<string, unknown>, row: Row): void {
  event['event'] = 'ended';
  event['status'] = row[5] ?? 'failed';
  event['effect'] = row[17] ?? 'none';
  event['via'] = row[22] ?? 'run';
  event['durationMs'] = Number(row[11] ?? 0);
  if (row[23] != null) event['result'] = JSON.parse(row[23]);
  if (row[27] != null) event['counts'] = JSON.parse(row[27]);
  if (row[16] != null) event['error'] = JSON.parse(row[16]);
  if (row[24] != null) event['reason'] = row[24];
  if (row[25] != null) event['backup'] = row[25];
}

function headerOf(row: Row, by: Actor): Record<string, unknown> {
  const header: Record<string, unknown> = {
    run: row[7] ?? '',
    kind: row[0] ?? 'migration',
    version: row[1] ?? '',
    id: row[2] ?? '',
    name: row[3] ?? '',
    direction: row[6] ?? 'up',
    by,
    fence: Number(row[8]),
  };
  if (row[14] != null) header['description'] = row[14];
  if (row[15] != null) header['author'] = row[15];
  if (row[12] != null) header['checksum'] = row[12];
  if (row[13] != null) header['normalized'] = row[13];
  return header;
}
