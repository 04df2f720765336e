import type { Chunk, KeyValue } from '../../../ports/backfill-job.ts';
import { literal } from '../text.ts';
import type { Target } from './target.ts';

/** Keys travel as the texts that the server writes for them, and are cast when they are compared. */
export function parseKey(text: string | null | undefined): KeyValue | undefined {
  return text == null ? undefined : (JSON.parse(text) as KeyValue);
}

export function keyLiteral(key: KeyValue | undefined): string {
  return key === undefined ? 'null' : `${literal(JSON.stringify(key))}::jsonb`;
}

/** The key's columns as a row. */
export function keyRow({ key }: Target): string {
  return row(key.map(({ sql }) => sql));
}

/** The key's columns as what is kept of them. */
export function keyJson({ key }: Target): string {
  return `pg_catalog.jsonb_build_array(${key.map(({ sql }) => `${sql}::text`).join()})`;
}

export function keyOrder({ key, descending }: Target, backwards = false): string {
  const direction = descending !== backwards ? ' desc' : '';
  return key.map(({ sql }) => `${sql}${direction}`).join(', ');
}

/** A key's values behind a jsonb expression, cast to the types of the columns. */
export function castKey(target: Target, json: string): string {
  return row(castColumns(target, json));
}

export function castColumns({ key }: Target, json: string): string[] {
  return key.map(({ type }, at) => `(${json}->>${at})::${type}`);
}

/** The same for a scalar subquery: one for each column, so that the index can be used. */
export function castKeyOf({ key }: Target, expression: string, from: string): string {
  return row(key.map(({ type }, at) => `(select (${expression}->>${at})::${type} from ${from})`));
}

export function keyValues({ key }: Target, value: KeyValue): string {
  return row(key.map(({ type }, at) => `${literal(String(value[at]))}::${type}`));
}

/** True for the chunk's rows, whatever the filter. */
export function chunkCondition(target: Target, chunk: Chunk): string {
  if (chunk.keys) return keysCondition(target, chunk.keys);
  const [more, upTo] = target.descending ? ['<', '>='] : ['>', '<='];
  const parts: string[] = [];
  if (chunk.after) parts.push(`${keyRow(target)} ${more} ${keyValues(target, chunk.after)}`);
  else if (target.descending) parts.push(`${keyRow(target)} <= ${startOf(target, chunk.ledger)}`);
  if (chunk.to) parts.push(`${keyRow(target)} ${upTo} ${keyValues(target, chunk.to)}`);
  return parts.length === 0 ? 'true' : `(${parts.join(' and ')})`;
}

/** What was the greatest key when the ledger was begun. */
function startOf(target: Target, ledger: string): string {
  return castKeyOf(target, 'first', `${target.ledgers} where ledger = ${literal(ledger)}`);
}

function keysCondition(target: Target, keys: readonly KeyValue[]): string {
  if (keys.length === 0) return 'false';
  return `${keyRow(target)} in (${keys.map((key) => keyValues(target, key)).join(', ')})`;
}

/** The user's condition; a line break ends a comment at its end. */
export function filterCondition(filter: unknown): string {
  return filter === undefined || filter === null ? 'true' : `(${String(filter)}\n)`;
}

function row(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`;
}
