import type { Row } from '../../ports/rows.ts';
import { bucketOf, type Fingerprint } from './fingerprint.ts';
import type { RowExample, RowsDifference } from './report.ts';

/** A table at one moment: what it held, and where its rows can be read again. */
export interface TableState {
  readonly print: Fingerprint;
  rows(): AsyncIterable<readonly Row[]>;
}

/** Examples that are shown of each table. */
const SHOWN = 5;
/** Rows that are held at once; of more, only some buckets are looked at. */
const HELD = 20_000;
const LONGEST = 1_000;

/**
 * How a table's rows differ from what they were. Rows are read again only where the
 * fingerprints differ, and only those of the buckets that do: memory stays flat.
 *
 * @returns undefined when they are the same
 */
export async function compareRows(
  before: TableState,
  now: TableState,
): Promise<RowsDifference | undefined> {
  const differing = before.print.differing(now.print);
  if (differing.size === 0) return undefined;
  const average = Math.max(before.print.rows, now.print.rows, 1) / 1024;
  const many = Math.max(1, Math.floor(HELD / Math.max(average, 1)));
  const chosen = new Set([...differing].slice(0, many));
  const counts = { missing: 0, extra: 0, changed: 0 };
  const examples: RowExample[] = [];
  const was = await collect(before, chosen);
  const is = await collect(now, chosen);
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    for (const [one, other] of pairs(was.get(key) ?? [], is.get(key) ?? [])) {
      if (other === undefined) counts.missing += 1;
      else if (one === undefined) counts.extra += 1;
      else counts.changed += 1;
      if (examples.length < SHOWN) examples.push(example(key, one, other));
    }
  }
  const complete = chosen.size === differing.size;
  return { before: before.print.rows, after: now.print.rows, ...counts, complete, examples };
}

async function collect(
  state: TableState,
  buckets: ReadonlySet<number>,
): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const batch of state.rows()) {
    for (const { key, text } of batch) {
      if (!buckets.has(bucketOf(key))) continue;
      const texts = found.get(key);
      if (texts) texts.push(text);
      else found.set(key, [text]);
    }
  }
  return found;
}

/** What is on both sides goes; the rest is paired. A key may be several rows'. */
function pairs(
  was: readonly string[],
  is: readonly string[],
): [string | undefined, string | undefined][] {
  const left = [...is];
  const gone = was.filter((text) => {
    const at = left.indexOf(text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return Array.from({ length: Math.max(gone.length, left.length) }, (_, index) => [
    gone[index],
    left[index],
  ]);
}

function example(key: string, before: string | undefined, after: string | undefined): RowExample {
  return {
    key: cut(key),
    ...(before !== undefined && { before: cut(before) }),
    ...(after !== undefined && { after: cut(after) }),
  };
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
