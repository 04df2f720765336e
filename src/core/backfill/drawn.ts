import type { ReadRow, RowChange } from '../../ports/backfill-job.ts';
import type { Draw } from './draw.ts';
import { sameValue } from './same-value.ts';

const LIMIT = 20_000;

/**
 * Remembers changes that were drawn and not applied, for when the rows come again in a
 * smaller chunk: a value that was drawn once (an id, a random number) is not drawn again
 * while its row is as it was.
 */
export class Drawn {
  readonly #draw: Draw;
  readonly #kept = new Map<string, { readonly row: ReadRow['row']; readonly change: RowChange }>();

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  keep(rows: readonly ReadRow[], changes: readonly RowChange[]): void {
    for (const [index, read] of rows.entries()) {
      const change = changes[index];
      if (change === undefined || this.#kept.size >= LIMIT) return;
      this.#kept.set(keyOf(read), { row: read.row, change });
    }
  }

  async of(rows: readonly ReadRow[], signal: AbortSignal): Promise<RowChange[]> {
    if (this.#kept.size === 0) return this.#draw(rows, signal);
    const kept = rows.map((read) => this.#take(read));
    const missing = rows.filter((_, index) => kept[index] === undefined);
    const drawn = (await this.#draw(missing, signal)).values();
    return kept.map((change) => change ?? (drawn.next().value as RowChange));
  }

  #take(read: ReadRow): RowChange | undefined {
    const key = keyOf(read);
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    return sameValue(found.row, read.row) ? found.change : undefined;
  }
}

function keyOf({ key }: ReadRow): string {
  return JSON.stringify(key, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}
