import { closeSync, openSync, readSync } from 'node:fs';

/** What a data file says of itself, before its records. */
export interface DataHeader {
  readonly target?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly dependsOn?: readonly string[] | undefined;
  readonly description?: string | undefined;
  /** CSV: columns that are not text. */
  readonly types?: Readonly<Record<string, string>> | undefined;
}

const LONGEST = 64 * 1024;

/** The first part of a file, which may be large. */
export function readBeginning(path: string): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(LONGEST);
    const length = readSync(file, buffer, 0, LONGEST, 0);
    return buffer.toString('utf8', 0, length).replace(/^\uFEFF/, '');
  } finally {
    closeSync(file);
  }
}

/** Of a JSON object beside its records, or of the `$seed` on the first of JSON lines. */
export function headerOf(value: Readonly<Record<string, unknown>>): DataHeader {
  return {
    target: textOf(value['collection'] ?? value['table']),
    key: listOf(value['key']),
    dependsOn: listOf(value['dependsOn']),
    description: textOf(value['description']),
  };
}

/** `{ "$seed": { "collection": "users", "key": "email" } }` on the first line. */
export function jsonLinesHeader(beginning: string): DataHeader {
  const first = beginning.split('\n', 1)[0] ?? '';
  if (!first.includes('"$seed"')) return {};
  try {
    const { $seed } = JSON.parse(first) as { readonly $seed?: unknown };
    return typeof $seed === 'object' && $seed !== null ? headerOf({ ...$seed }) : {};
  } catch {
    return {};
  }
}

const COMMENT = /^#[^\S\n]*([a-z-]+)[^\S\n]*:[^\S\n]*(.*?)\r?$/i;

/** Lines such as `# key: email` before the names of the columns. */
export function csvHeader(beginning: string): DataHeader & { readonly lines: number } {
  const words = new Map<string, string>();
  const lines = beginning.split('\n');
  let count = 0;
  for (const line of lines) {
    if (!line.startsWith('#')) break;
    const [, name = '', value = ''] = COMMENT.exec(line) ?? [];
    words.set(name.toLowerCase(), value);
    count += 1;
  }
  const types = listOf(words.get('types'))?.map((pair) =>
    pair.split('=').map((part) => part.trim()),
  );
  return {
    lines: count,
    target: textOf(words.get('collection') ?? words.get('table')),
    key: listOf(words.get('key')),
    dependsOn: listOf(words.get('depends-on')),
    description: textOf(words.get('description')),
    types: types && Object.fromEntries(types.map(([name = '', type = 'text']) => [name, type])),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A list of texts, or a text that lists them with commas. */
export function listOf(value: unknown): string[] | undefined {
  const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  const texts = list.map((item) => String(item).trim()).filter((item) => item !== '');
  return texts.length > 0 ? texts : undefined;
}
