import { BSON, Long, Timestamp } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { isSameBytes } from '../../../../src/drivers/mongodb/backfill/read-bytes.ts';
import { parseCursor } from '../../../../src/drivers/mongodb/backup/raw-reply.ts';

const documents = Array.from({ length: 250 }, (_, i) => ({
  _id: i,
  text: 'é'.repeat(i % 40),
  // Bytes that look like the end of something.
  nested: [{ a: 0 }, [null, i], {}],
}));
const dumped = Buffer.concat(documents.map((one) => BSON.serialize(one)));

describe('parseCursor', () => {
  it.each(['firstBatch', 'nextBatch'])('has the documents of %s one behind the other', (name) => {
    const fields = { atClusterTime: new Timestamp({ t: 5, i: 1 }), [name]: documents };
    const last = { ...fields, id: Long.ZERO, ns: 'a.b' };
    const { batch, more } = parseCursor(Buffer.from(BSON.serialize(last)));
    expect(batch.count).toBe(250);
    expect(Buffer.compare(batch.bytes, dumped)).toBe(0);
    expect(more).toBe(false);
  });

  it('knows that there is more, whatever comes first', () => {
    const cursor = { id: Long.fromString('3225236346187549278'), partial: true, nextBatch: [] };
    const { batch, more } = parseCursor(Buffer.from(BSON.serialize(cursor)));
    expect([batch.count, batch.bytes.length, more]).toEqual([0, 0, true]);
  });
});

describe('isSameBytes', () => {
  /** As slices of one message. */
  const slices = (list: readonly object[]): Uint8Array[] => {
    const parts = list.map((one) => BSON.serialize(one));
    const message = Buffer.concat(parts.flatMap((part) => [Buffer.from('--'), part]));
    let at = 0;
    return parts.map(({ length }) => {
      at += length + 2;
      return message.subarray(at - length, at);
    });
  };
  const [a, b] = [slices(documents), slices(documents)];
  const other = documents.map((one) => (one._id === 249 ? { ...one, nested: [{ a: 1 }] } : one));
  const inner = documents.map((one) => (one._id === 100 ? { ...one, _id: 101 } : one));

  it.each([
    ['nothing', [], [], true],
    ['two messages with the same', a, b, true],
    ['slices of several', a, documents.map((one) => BSON.serialize(one)), true],
    ['another last one', a, slices(other), false],
    ['another one of the same length', a, slices(inner), false],
    ['fewer', a, b.slice(1), false],
    ['another order', [...a].reverse(), b, false],
  ])('%s', (_, one, two, same) => expect(isSameBytes(one, two)).toBe(same));
});
