import { GodwitError } from '../../errors.ts';
import type { HistoryEvent } from '../../ports/history.ts';
import type { HistoryDocument } from './store.ts';

/** Version of the shape of history documents, in their field `v`. */
export const RECORD_VERSION = 1;

/** Documents that readers are not shown. */
export const HIDDEN = 'takeover';

const EVENTS = new Set(['started', 'checkpoint', 'ended', 'accepted']);

/** A history document as the event that was appended. */
export function toEvent(document: HistoryDocument): HistoryEvent {
  const { _id: seq, v, ...event } = document;
  if (Number(v) > RECORD_VERSION) throw newer(Number(v));
  if (!EVENTS.has(String(event['event']))) {
    throw new GodwitError(
      'GODWIT_HISTORY_UNREADABLE',
      `Record ${seq} of the history is of the unknown kind ${JSON.stringify(event['event'])}.`,
      { state: 'Nothing was done.', next: ['godwit doctor'] },
    );
  }
  return { ...event, seq } as unknown as HistoryEvent;
}

export function newer(version: number): GodwitError {
  return new GodwitError(
    'GODWIT_HISTORY_NEWER',
    `The history was written by a newer godwit (records of version ${version}, this one knows ${RECORD_VERSION}).`,
    { state: 'Nothing was done.', next: ['npm install godwit@latest'] },
  );
}

const LONGEST = 64 * 1024;

/**
 * A value that a migration returned, as plain data that any history can hold: BSON types
 * as their JSON, no functions, no cycles, no keys that the server reserves.
 */
export function toRecordable(value: unknown): unknown {
  if (value === undefined || typeof value === 'function' || typeof value === 'symbol')
    return undefined;
  try {
    const text = JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? inner.toString() : inner,
    );
    if (text === undefined) return undefined;
    if (text.length > LONGEST)
      return { truncated: true, length: text.length, begins: text.slice(0, 1000) };
    return renameReserved(JSON.parse(text));
  } catch {
    return String(value);
  }
}

function renameReserved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renameReserved);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replace(/^\$/, '_$').replaceAll('\0', ''),
    renameReserved(inner),
  ]);
  return Object.fromEntries(entries);
}
