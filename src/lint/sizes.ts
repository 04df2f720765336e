import type { TableActivity } from '../ports/activity.ts';

/** From here on a full scan or a rewrite under a lock is felt by whoever waits. */
const LARGE_ROWS = 1_000_000;
const LARGE_BYTES = 1024 ** 3;
/** Up to here it is over before anybody notices. */
const SMALL_ROWS = 10_000;
const SMALL_BYTES = 16 * 1024 ** 2;
/** Reads and writes a second at which even a short lock makes a queue. */
const BUSY = 100;

export type SizeClass = 'small' | 'medium' | 'large';

/** Live sizes by table; what is not there does not exist yet. */
export class Sizes {
  readonly #tables = new Map<string, TableActivity>();

  constructor(tables: readonly TableActivity[]) {
    for (const table of tables) this.#tables.set(keyOf(table.schema, table.name), table);
  }

  /** @param schema `public` when absent and nothing else is meant */
  of(schema: string | undefined, name: string): TableActivity | undefined {
    return this.#tables.get(keyOf(schema, name)) ?? this.#tables.get(keyOf(undefined, name));
  }
}

export function keyOf(schema: string | undefined, name: string): string {
  return `${schema ?? 'public'}.${name}`;
}

/** A busy table is never small: whatever waits for its lock makes others wait. */
export function classify({ rows, bytes, perSecond = 0 }: TableActivity): SizeClass {
  if (rows >= LARGE_ROWS || bytes >= LARGE_BYTES) return 'large';
  const small = rows <= SMALL_ROWS && bytes <= SMALL_BYTES && perSecond < BUSY;
  return small ? 'small' : 'medium';
}

/** `about 40 million rows, 12 GB, 300 reads and writes a second`. */
export function describe({ rows, bytes, perSecond }: TableActivity): string {
  const parts = [`about ${amount(rows)} ${rows === 1 ? 'row' : 'rows'}`, size(bytes)];
  if (perSecond !== undefined && perSecond >= 1) {
    parts.push(`${amount(Math.round(perSecond))} reads and writes a second`);
  }
  return parts.join(', ');
}

function amount(value: number): string {
  if (value >= 1_000_000) return `${trim(value / 1_000_000)} million`;
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${trim(value)} ${units[unit]}`;
}

function trim(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '');
}
