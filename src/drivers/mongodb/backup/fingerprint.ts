/** In front of the fingerprint: another way to make it is another kind. */
const KIND = 'x4';
const PRIMES = { a: 0x9e3779b1, b: 0x85ebca77, c: 0xc2b2ae35, d: 0x27d4eb2f };

/**
 * A fingerprint of documents whatever their order: a 64-bit hash of each one's bytes, summed
 * up in two ways. It finds what was lost, added or changed on the way; it is no defence
 * against somebody who wants it to be equal, for which there are the files' SHA-256.
 */
export class Fingerprint {
  documents = 0;
  bytes = 0;
  #sumHigh = 0;
  #sumLow = 0;
  #xorHigh = 0;
  #xorLow = 0;

  /** @param bytes whole documents, one behind the other */
  add(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < bytes.byteLength) {
      const length = view.getInt32(at, true);
      this.#one(view, at, length);
      at += length;
    }
    this.bytes += at;
  }

  /**
   * Words and not bytes, and no function of `crypto`: that would cost more than reading. Four
   * lanes, as xxHash has them, so that the processor need not wait for one multiplication
   * to begin the next.
   */
  #one(view: DataView, from: number, length: number): void {
    let a = Math.imul(length, PRIMES.a);
    let b = length ^ PRIMES.b;
    let c = PRIMES.c;
    let d = PRIMES.d;
    const end = from + length;
    const blocks = end - 15;
    let at = from;
    for (; at < blocks; at += 16) {
      a = turn(Math.imul(a ^ view.getInt32(at, true), PRIMES.a));
      b = turn(Math.imul(b ^ view.getInt32(at + 4, true), PRIMES.b));
      c = turn(Math.imul(c ^ view.getInt32(at + 8, true), PRIMES.c));
      d = turn(Math.imul(d ^ view.getInt32(at + 12, true), PRIMES.d));
    }
    for (; at < end; at++) {
      const byte = view.getUint8(at);
      a = turn(Math.imul(a ^ byte, PRIMES.a));
      b = turn(Math.imul(b + byte, PRIMES.b));
    }
    const high = finish(a ^ Math.imul(c, PRIMES.b) ^ (d >>> 7));
    const low = finish(b ^ Math.imul(d, PRIMES.a) ^ (c >>> 9));
    this.documents++;
    this.#sumHigh = (this.#sumHigh + high) | 0;
    this.#sumLow = (this.#sumLow + low) | 0;
    this.#xorHigh ^= Math.imul(high, PRIMES.c) ^ (low >>> 5);
    this.#xorLow ^= Math.imul(low, PRIMES.d) ^ (high >>> 3);
  }

  toString(): string {
    const words = [this.#sumHigh, this.#sumLow, this.#xorHigh, this.#xorLow];
    const hex = words.map((word) => (word >>> 0).toString(16).padStart(8, '0'));
    return `${KIND}:${hex.join('')}`;
  }
}

function turn(lane: number): number {
  return (lane << 13) | (lane >>> 19);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
