import type { RowChange } from '../ports/backfill-job.ts';

/** What of a BSON library is used: the project's own, so that its types are its own too. */
export interface Bson {
  serialize(value: object, options?: object): Uint8Array;
  deserialize(bytes: Uint8Array, options?: object): Record<string, unknown>;
}

export type Rows = readonly Readonly<Record<string, unknown>>[];
export type Packed = Uint8Array | readonly object[];

/** How rows go to a thread and changes come back. */
export interface Wire {
  packRows(rows: Rows): Packed;
  unpackRows(packed: Packed): Record<string, unknown>[];
  packChanges(changes: readonly RowChange[]): Packed;
  unpackChanges(packed: Packed): RowChange[];
}

/** Documents one after the other, each beginning with its length, as in a dump. */
export function bsonWire(bson: Bson): Wire {
  const pack = (values: readonly object[]): Uint8Array => {
    const parts = values.map((value) => bson.serialize(value, { ignoreUndefined: true }));
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const unpack = (packed: Packed): Record<string, unknown>[] => {
    const bytes = packed as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values: Record<string, unknown>[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = view.getInt32(at, true);
      values.push(bson.deserialize(bytes.subarray(at, at + length)));
      at += length;
    }
    return values;
  };
  return {
    packRows: pack,
    unpackRows: unpack,
    packChanges: pack,
    unpackChanges: (packed) => unpack(packed) as unknown as RowChange[],
  };
}

/** Structured cloning keeps dates, bigints and bytes, but makes a Buffer a Uint8Array. */
export const plainWire: Wire = {
  packRows: (rows) => rows,
  unpackRows: (packed) => (packed as Record<string, unknown>[]).map(withBuffers),
  packChanges: (changes) => changes,
  unpackChanges: (packed) =>
    (packed as unknown as RowChange[]).map((change) =>
      change.type === 'set' ? { ...change, values: withBuffers(change.values) } : change,
    ),
};

function withBuffers(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const revived: Record<string, unknown> = { ...row };
  for (const [name, value] of Object.entries(row)) revived[name] = toBuffer(value);
  return revived;
}

function toBuffer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toBuffer);
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** The wire for rows of a BSON library given by its module's URL, or for plain values. */
export async function openWire(bson: string | undefined): Promise<Wire> {
  if (bson === undefined) return plainWire;
  const module = (await import(bson)) as Record<string, unknown>;
  const library = module['BSON'] ?? (module['default'] as { BSON?: unknown } | undefined)?.BSON;
  return bsonWire((library ?? module) as Bson);
}
