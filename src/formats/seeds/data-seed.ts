import { readFileSync, statSync } from 'node:fs';
import type { BaseContext } from '../../ports/context.ts';
import type { CodeBody } from '../../ports/migration.ts';
import { lazyChecksum } from '../source-file.ts';
import {
  csvHeader,
  type DataHeader,
  headerOf,
  jsonLinesHeader,
  readBeginning,
} from './data-header.ts';
import { type DataFile, parseJson, readRecords } from './read-records.ts';
import type { Seed } from './seed.ts';
import { keyOf } from './seed-body.ts';
import type { SeedFile } from './seed-files.ts';

export const DATA_EXTENSIONS: readonly string[] = ['.json', '.jsonl', '.ndjson', '.csv'];

/** Above this a transaction may take too long, and records go in one by one batch. */
const LARGE = 4 * 1024 * 1024;
const BATCH = 1000;

/** Records in a file, brought in line by their key. */
export function dataSeed(found: SeedFile): Seed {
  const { path, file } = found.source;
  const data: DataFile = { path, file, extension: found.extension };
  let header: DataHeader | undefined;
  const head = (): DataHeader => {
    header ??= readHeader(data);
    return header;
  };
  return {
    ...found.identity,
    kind: 'seed',
    format: data.extension.slice(1),
    file,
    // Only the seeds that are listed with their description are looked into.
    get description() {
      return data.extension === '.json' ? undefined : head().description;
    },
    checksum: dataChecksum(found),
    reversible: false,
    large: (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGE,
    dependencies: async () => head().dependsOn ?? [],
    load: async () => dataBody(data, head(), found.identity.name),
  };
}

/** Formatting is not told from contents: whatever differs is another text. */
function dataChecksum({ source }: SeedFile): Seed['checksum'] {
  const raw = lazyChecksum(source, 'js');
  return {
    get raw() {
      return raw.raw;
    },
    normalized: () => `v1:data:${raw.raw}`,
  };
}

function readHeader(data: DataFile): DataHeader {
  if (data.extension === '.csv') return csvHeader(readBeginning(data.path));
  if (data.extension !== '.json') return jsonLinesHeader(readBeginning(data.path));
  const text = readFileSync(data.path, 'utf8');
  // A list says nothing of itself.
  return /^\s*\[/.test(text) ? {} : headerOf({ ...parseJson(data, text).head });
}

function dataBody(data: DataFile, header: DataHeader, name: string): CodeBody {
  const target = header.target ?? name;
  return {
    type: 'code',
    path: data.path,
    up: ({ ctx }) => load(ctx, data, target, header),
    transaction: 'auto',
    idempotent: true,
    description: header.description,
  };
}

async function load(ctx: BaseContext, data: DataFile, target: string, header: DataHeader) {
  const total = { inserted: 0, updated: 0, unchanged: 0 };
  const extendedJson = data.extension !== '.csv';
  let batch: object[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const key = keyOf(header.key, batch[0], { shown: data.file });
    const done = await ctx.upsert(target, batch, { key, extendedJson });
    for (const name of ['inserted', 'updated', 'unchanged'] as const) total[name] += done[name];
    batch = [];
  };
  for await (const record of readRecords(data)) {
    batch.push(record);
    if (batch.length < BATCH) continue;
    ctx.signal.throwIfAborted();
    await flush();
  }
  await flush();
  return total;
}
