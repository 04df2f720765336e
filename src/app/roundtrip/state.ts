import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import type { TableState } from '../../core/roundtrip/compare-rows.ts';
import type { DatabaseState } from '../../core/roundtrip/compare-states.ts';
import { Fingerprint } from '../../core/roundtrip/fingerprint.ts';
import { GodwitError } from '../../errors.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Row, Rows } from '../../ports/rows.ts';

const BATCH = 1000;

/**
 * A database as it is now: its schema, and a fingerprint of each table.
 *
 * @param folder where rows are kept, to be shown once they are gone; undefined: they are
 *   read from the database again, which must not have changed until then
 */
export async function takeState(
  driver: Driver,
  folder: string | undefined,
): Promise<DatabaseState> {
  const schema = await driver.snapshot?.({});
  const rows = await driver.rows?.();
  if (schema === undefined || rows === undefined) {
    throw new GodwitError('GODWIT_UNSUPPORTED', `${driver.name} takes no snapshots.`);
  }
  const tables = new Map<string, TableState>();
  for (const [index, name] of (await rows.tables()).entries()) {
    const file = folder === undefined ? undefined : join(folder, `${index}.jsonl`);
    tables.set(name, file ? await keep(rows, name, file) : await look(rows, name));
  }
  return { schema, tables };
}

async function look(rows: Rows, name: string): Promise<TableState> {
  const print = new Fingerprint();
  for await (const batch of rows.read(name)) for (const row of batch) print.add(row);
  return { print, rows: () => rows.read(name) };
}

async function keep(rows: Rows, name: string, file: string): Promise<TableState> {
  const print = new Fingerprint();
  const output = createWriteStream(file, { mode: 0o600 });
  for await (const batch of rows.read(name)) {
    for (const row of batch) print.add(row);
    const text = batch.map(({ key, text }) => `${JSON.stringify([key, text])}\n`).join('');
    if (!output.write(text)) await once(output, 'drain');
  }
  output.end();
  await finished(output);
  return { print, rows: () => readBack(file) };
}

async function* readBack(file: string): AsyncGenerator<readonly Row[]> {
  const input = createReadStream(file, 'utf8');
  let batch: Row[] = [];
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const [key, text] = JSON.parse(line) as [string, string];
    batch.push({ key, text });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
