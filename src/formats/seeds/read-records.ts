import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { GodwitError, thrownMessage } from '../../errors.ts';
import { csvHeader, readBeginning } from './data-header.ts';

export interface DataFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project, with `/`. */
  readonly file: string;
  /** Lower case, with the dot. */
  readonly extension: string;
}

/** Records one by one, so that a file of any size can be read; JSON is read whole. */
export async function* readRecords(data: DataFile): AsyncGenerator<object> {
  if (data.extension === '.json') yield* readJson(data);
  else if (data.extension === '.csv') yield* readCsv(data);
  else yield* readJsonLines(data);
}

/** A list, or an object with `records` (or `documents`) beside what it says of itself. */
export function parseJson(data: DataFile, text: string): { list: object[]; head: object } {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid(data, `it is no JSON: ${thrownMessage(error)}`);
  }
  const head = (Array.isArray(value) ? {} : value) as Record<string, unknown>;
  const list = Array.isArray(value) ? value : (head?.['records'] ?? head?.['documents']);
  if (!Array.isArray(list) || !list.every(isRecord)) {
    throw invalid(data, 'it is neither a list of objects nor an object with a list "records"');
  }
  return { list, head };
}

async function* readJson(data: DataFile): AsyncGenerator<object> {
  yield* parseJson(data, await readFile(data.path, 'utf8')).list;
}

async function* readJsonLines(data: DataFile): AsyncGenerator<object> {
  const input = createReadStream(data.path, 'utf8');
  let line = 0;
  for await (const raw of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    const text = raw.replace(/^\uFEFF/, '').trim();
    if (text === '') continue;
    const record = parseLine(data, text, line);
    if (!(line === 1 && '$seed' in record)) yield record;
  }
}

function parseLine(data: DataFile, text: string, line: number): object {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (error) {
    throw invalid(data, `line ${line} is no JSON: ${thrownMessage(error)}`, line);
  }
  throw invalid(data, `line ${line} is no object`, line);
}

async function* readCsv(data: DataFile): AsyncGenerator<object> {
  const { parse } = await import('csv-parse');
  const { lines, types = {} } = csvHeader(readBeginning(data.path));
  const parser = parse({
    bom: true,
    columns: true,
    from_line: lines + 1,
    skip_empty_lines: true,
    cast: (value, { header, column, quoting }) =>
      header ? value.trim() : cast(value, types[String(column)], quoting),
  });
  const input = createReadStream(data.path);
  input.on('error', (error) => parser.destroy(error));
  try {
    for await (const record of input.pipe(parser)) yield record as object;
  } catch (thrown) {
    if (thrown instanceof GodwitError) throw thrown;
    const { lines: at } = thrown as { readonly lines?: number };
    throw invalid(data, thrownMessage(thrown), at);
  } finally {
    input.destroy();
  }
}

/** Text unless the file says more; an empty field that is not quoted is null. */
function cast(value: string, type: string | undefined, quoted: boolean): unknown {
  if (value === '' && !quoted) return null;
  switch (type) {
    case 'number':
      return value.trim() === '' || Number.isNaN(Number(value))
        ? refuse(value, type)
        : Number(value);
    case 'boolean':
      return (
        /^(true|yes|1)$/i.test(value) || (!/^(false|no|0)$/i.test(value) && refuse(value, type))
      );
    case 'date': {
      const date = new Date(value);
      return Number.isNaN(date.getTime()) ? refuse(value, type) : date;
    }
    case 'json':
      return JSON.parse(value);
    default:
      return value;
  }
}

function refuse(value: string, type: string): never {
  throw new Error(`"${value.slice(0, 40)}" is no ${type}`);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function invalid(
  data: Pick<DataFile, 'file'>,
  message: string,
  line?: number | undefined,
): GodwitError {
  return new GodwitError('GODWIT_SEED_INVALID', `${data.file}: ${message}.`, {
    where: { file: data.file, line },
    state:
      'The records before it may be written; a seed that is run again leaves them as they are.',
    next: [`mend ${data.file}${line === undefined ? '' : `:${line}`}, then: godwit seed`],
  });
}
