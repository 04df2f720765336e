import { createHash } from 'node:crypto';
import { patternOf } from './form.ts';
import type { PublicIdEntry } from './registry.ts';

/** PostgreSQL cuts longer names off without a word. */
const LONGEST_NAME = 63;

/** `patients_public_id_unique` and the like, always the same, and short enough. */
export function objectName(
  { table, column }: Pick<PublicIdEntry, 'table' | 'column'>,
  ending: 'unique' | 'format' | 'present',
): string {
  const name = `${table}_${column}_${ending}`;
  if (Buffer.byteLength(name) <= LONGEST_NAME) return name;
  const mark = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const rest = `_${mark}_${ending}`;
  let start = `${table}_${column}`;
  while (Buffer.byteLength(start) + rest.length > LONGEST_NAME) start = start.slice(0, -1);
  return `${start}${rest}`;
}

/** The condition alone, such as `"public_id" ~ '^pat_…$'`. */
export function conditionOf(entry: PublicIdEntry): string {
  return `${quoted(entry.column)} ~ '${patternOf(entry)}'`;
}

/** Two statements: the constraint is added without a look at the rows, then they are looked at. */
export function checkStatements(entry: PublicIdEntry): readonly [string, string] {
  const table = tableOf(entry);
  const name = quoted(objectName(entry, 'format'));
  return [
    `alter table ${table} add constraint ${name} check (${conditionOf(entry)}) not valid`,
    `alter table ${table} validate constraint ${name}`,
  ];
}

export function tableOf({ schema, table }: Pick<PublicIdEntry, 'schema' | 'table'>): string {
  return schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
