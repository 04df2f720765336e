import { GodwitError } from '../../../errors.ts';

/** Whole documents, one behind the other. */
export interface RawBatch {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export interface RawReply {
  readonly batch: RawBatch;
  /** Whether the cursor has more. */
  readonly more: boolean;
}

const DOCUMENT = 0x03;
const ARRAY = 0x04;
const TEXT = 0x02;
const LONG = 0x12;
/** Bytes of values of a fixed length, by their type. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 8: 1, 9: 8, 16: 4, 17: 8 };

/**
 * The `cursor` of a reply to `find` or `getMore`, as bytes. Its documents are moved together
 * where they are, because what stands between them (a type and an index) is no part of a
 * dump.
 *
 * @param cursor is overwritten
 */
export function parseCursor(cursor: Buffer): RawReply {
  let batch: RawBatch = { bytes: cursor.subarray(0, 0), count: 0 };
  let more = true;
  for (let at = 4; cursor[at] !== 0 && at < cursor.length; ) {
    const type = cursor[at] as number;
    const end = cursor.indexOf(0, at);
    const name = cursor.toString('latin1', at + 1, end);
    at = end + 1;
    if (type === ARRAY && /^(first|next)Batch$/.test(name)) batch = moveTogether(cursor, at);
    if (type === LONG && name === 'id') more = cursor.readBigInt64LE(at) !== 0n;
    at += lengthOf(cursor, at, type);
  }
  return { batch, more };
}

function lengthOf(bytes: Buffer, at: number, type: number): number {
  if (type === LONG) return 8;
  if (type === DOCUMENT || type === ARRAY) return bytes.readInt32LE(at);
  if (type === TEXT) return 4 + bytes.readInt32LE(at);
  const length = FIXED[type];
  if (length === undefined) {
    throw new GodwitError('GODWIT_INTERNAL', `A cursor has a field of the BSON type ${type}.`);
  }
  return length;
}

function moveTogether(bytes: Buffer, start: number): RawBatch {
  let count = 0;
  let to = start + 4;
  for (let at = to; bytes[at] === DOCUMENT; count++) {
    while (bytes[at] !== 0) at++;
    at++;
    const size = bytes.readInt32LE(at);
    bytes.copyWithin(to, at, at + size);
    to += size;
    at += size;
  }
  return { bytes: bytes.subarray(start + 4, to), count };
}
