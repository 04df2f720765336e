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

  /** Words and not bytes, and no function of `crypto`: that would cost more than reading. */
  #one(view: DataView, from: number, length: number): void {
    let high = Math.imul(length, 0x9e3779b1);
    let low = length ^ 0x85ebca6b;
    const end = from + length;
    const words = end - 3;
    let at = from;
    for (; at < words; at += 4) {
      const word = view.getInt32(at, true);
      high = Math.imul(high ^ word, 0x9e3779b1);
      high ^= high >>> 15;
      low = Math.imul((low + word) ^ (low >>> 13), 0x85ebca77);
    }
    for (; at < end; at++) {
      const byte = view.getUint8(at);
      high = Math.imul(high ^ byte, 0x9e3779b1);
      low = Math.imul((low + byte) ^ (low >>> 13), 0x85ebca77);
    }
    high = finish(high ^ (low >>> 7));
    low = finish(low ^ (high << 9));
    this.documents++;
    this.#sumHigh = (this.#sumHigh + high) | 0;
    this.#sumLow = (this.#sumLow + low) | 0;
    this.#xorHigh ^= Math.imul(high, 0xc2b2ae35) ^ (low >>> 5);
    this.#xorLow ^= Math.imul(low, 0x27d4eb2f) ^ (high >>> 3);
  }

  toString(): string {
    const words = [this.#sumHigh, this.#sumLow, this.#xorHigh, this.#xorLow];
    return words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
