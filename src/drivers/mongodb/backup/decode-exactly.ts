import type { BSON as BsonModule } from 'mongodb';
import { GodwitError } from '../../../errors.ts';

type Bson = typeof BsonModule;

/**
 * Documents as maps, whose keys stand in the order of the bytes (an object would put `"1"`
 * before `"a"`), with every value in its own type. What the driver could not encode again
 * is refused, not changed.
 *
 * @param bytes whole documents, one behind the other
 */
export function decodeExactly(bytes: Uint8Array, bson: Bson): Map<string, unknown>[] {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), bson);
  const documents: Map<string, unknown>[] = [];
  while (!reader.done) documents.push(reader.document());
  return documents;
}

/** Types 0x06 and 0x0c are deprecated; the driver reads them as something else. */
const UNWRITABLE: Readonly<Record<number, string>> = { 6: 'undefined', 12: 'DBPointer' };
/** What a JavaScript date can be, in ms. */
const FARTHEST_DATE = 8.64e15;

class Reader {
  readonly #bytes: Buffer;
  readonly #bson: Bson;
  #at = 0;

  constructor(bytes: Buffer, bson: Bson) {
    this.#bytes = bytes;
    this.#bson = bson;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  document(): Map<string, unknown> {
    const fields = new Map<string, unknown>();
    this.#elements((key, value) => fields.set(key, value));
    return fields;
  }

  #array(): unknown[] {
    const values: unknown[] = [];
    this.#elements((_key, value) => values.push(value));
    return values;
  }

  #elements(add: (key: string, value: unknown) => void): void {
    this.#at += 4;
    for (;;) {
      const type = this.#bytes[this.#at++] ?? 0;
      if (type === 0) return;
      const key = this.#cString();
      add(key, this.#value(type, key));
    }
  }

  #value(type: number, key: string): unknown {
    const { Double, Int32, Timestamp, MinKey, MaxKey, BSONSymbol, BSONRegExp, Code } = this.#bson;
    switch (type) {
      case 0x01:
        return new Double(this.#bytes.readDoubleLE(this.#skip(8)));
      case 0x02:
        return this.#string();
      case 0x03:
        return this.document();
      case 0x04:
        return this.#array();
      case 0x05:
        return this.#binary();
      case 0x07:
        return new this.#bson.ObjectId(this.#copy(12));
      case 0x08:
        return this.#bytes[this.#skip(1)] === 1;
      case 0x09:
        return this.#date(key);
      case 0x0a:
        return null;
      case 0x0b:
        return new BSONRegExp(this.#cString(), this.#cString());
      case 0x0d:
        return new Code(this.#string());
      case 0x0e:
        return new BSONSymbol(this.#string());
      case 0x0f:
        this.#skip(4);
        return new Code(this.#string(), this.document() as never);
      case 0x10:
        return new Int32(this.#bytes.readInt32LE(this.#skip(4)));
      case 0x11: {
        const at = this.#skip(8);
        return new Timestamp({
          i: this.#bytes.readUInt32LE(at),
          t: this.#bytes.readUInt32LE(at + 4),
        });
      }
      case 0x12: {
        const at = this.#skip(8);
        return new this.#bson.Long(this.#bytes.readInt32LE(at), this.#bytes.readInt32LE(at + 4));
      }
      case 0x13:
        return new this.#bson.Decimal128(this.#copy(16));
      case 0xff:
        return new MinKey();
      case 0x7f:
        return new MaxKey();
      default:
        throw unwritable(UNWRITABLE[type] ?? `0x${type.toString(16)}`, key);
    }
  }

  #binary(): unknown {
    const length = this.#bytes.readInt32LE(this.#skip(4));
    const subType = this.#bytes[this.#skip(1)] ?? 0;
    // The old generic kind repeats its length inside, which the driver does again.
    if (subType === 2) this.#skip(4);
    return new this.#bson.Binary(this.#copy(subType === 2 ? length - 4 : length), subType);
  }

  #date(key: string): Date {
    const ms = Number(this.#bytes.readBigInt64LE(this.#skip(8)));
    if (Math.abs(ms) > FARTHEST_DATE) throw unwritable('a date outside those of JavaScript', key);
    return new Date(ms);
  }

  #string(): string {
    const length = this.#bytes.readInt32LE(this.#skip(4));
    const at = this.#skip(length);
    return this.#bytes.toString('utf8', at, at + length - 1);
  }

  #cString(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #copy(length: number): Buffer {
    const at = this.#skip(length);
    return Buffer.from(this.#bytes.subarray(at, at + length));
  }

  /** @returns where it was before */
  #skip(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

function unwritable(what: string, key: string): GodwitError {
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    `A document has ${what} in its field ${key}, which the project's MongoDB driver cannot write.`,
    { next: ['npm install mongodb@latest', 'then again: godwit backup restore'] },
  );
}
