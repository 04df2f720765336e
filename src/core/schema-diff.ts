import type { Snapshot, SnapshotObject } from '../ports/snapshot.ts';

/** One object that is not the same on both sides. */
export interface SchemaChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: string;
  readonly name: string;
  readonly of?: string | undefined;
  /** Its definition on the first side; absent when it was added. */
  readonly before?: string | undefined;
  /** Its definition on the second side; absent when it was removed. */
  readonly after?: string | undefined;
}

export interface SchemaDiff {
  readonly changes: readonly SchemaChange[];
  readonly summary: { readonly added: number; readonly removed: number; readonly changed: number };
}

/**
 * What leads from one schema to another. Pure; the order in which objects can be made is
 * no part of what is compared.
 *
 * @returns what was added and changed in the order of `after`, then what was removed, last
 *   made first
 */
export function diffSnapshots(before: Snapshot, after: Snapshot): SchemaDiff {
  const old = new Map(before.objects.map((object) => [keyOf(object), object]));
  const now = new Set(after.objects.map(keyOf));
  const changes: SchemaChange[] = [];
  for (const object of after.objects) {
    const was = old.get(keyOf(object));
    if (was?.definition === object.definition) continue;
    changes.push({
      change: was ? 'changed' : 'added',
      ...identity(object),
      ...(was && { before: was.definition }),
      after: object.definition,
    });
  }
  for (const object of before.objects.toReversed()) {
    if (now.has(keyOf(object))) continue;
    changes.push({ change: 'removed', ...identity(object), before: object.definition });
  }
  const count = (change: SchemaChange['change']) =>
    changes.filter((each) => each.change === change).length;
  return {
    changes,
    summary: { added: count('added'), removed: count('removed'), changed: count('changed') },
  };
}

function keyOf({ kind, name }: SnapshotObject): string {
  return `${kind} ${name}`;
}

function identity({ kind, name, of }: SnapshotObject): Pick<SchemaChange, 'kind' | 'name' | 'of'> {
  return { kind, name, ...(of !== undefined && { of }) };
}

export interface LineChange {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Longest table of line pairs that is looked at: a text of thousands of lines is replaced whole. */
const LARGEST = 4_000_000;

/** The lines that have to go and to come, with those that stay. */
export function diffLines(before: string, after: string): LineChange[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const head = commonStart(a, b);
  const tail = commonStart(a.slice(head).reverse(), b.slice(head).reverse());
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const same = (text: string): LineChange => ({ sign: ' ', text });
  return [
    ...a.slice(0, head).map(same),
    ...between(left, right),
    ...a.slice(a.length - tail).map(same),
  ];
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** By the longest common subsequence. */
function between(a: readonly string[], b: readonly string[]): LineChange[] {
  const gone = a.map((text): LineChange => ({ sign: '-', text }));
  const come = b.map((text): LineChange => ({ sign: '+', text }));
  if (a.length * b.length > LARGEST) return [...gone, ...come];
  const width = b.length + 1;
  const best = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => best[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * width + j] =
        a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i++] ?? '' });
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) lines.push(gone[i++] as LineChange);
    else lines.push(come[j++] as LineChange);
  }
  return [...lines, ...gone.slice(i), ...come.slice(j)];
}
