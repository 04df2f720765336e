import { describe, expect, it } from 'vitest';
import { isShared, jobId, queueName, readDrainJob } from '../../../src/distribution/drain-job.ts';

describe('what the queue carries', () => {
  it('takes what is ours, and nothing else', () => {
    expect(readDrainJob({ ledger: 'backfill:a' })).toEqual({ ledger: 'backfill:a', finish: false });
    expect(readDrainJob({ ledger: 'backfill:a', finish: true })?.finish).toBe(true);
    for (const other of [undefined, null, 'backfill:a', {}, { ledger: 7 }]) {
      expect(readDrainJob(other)).toBeUndefined();
    }
  });

  it('makes ids without colons, one for each ledger and slot', () => {
    const ids = ['backfill:a', 'backfill:a.1', 'backfill.a', 'backfill:a:1'].flatMap((ledger) => [
      jobId(ledger, 1),
      jobId(ledger, 'finish'),
    ]);
    expect(ids.join('')).not.toContain(':');
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('shares what lies in backfills/, not what a migration does under its lock', () => {
    expect(isShared('backfill:a')).toBe(true);
    expect(isShared('migration:7:a')).toBe(false);
  });
});

describe('queueName', () => {
  const of = (driver: 'mongodb' | 'postgres' | 'pglite', database: string) =>
    queueName({ driver, database, host: 'anywhere:1' });

  it('is the same from every machine, and has no character that Redis or BullMQ mind', () => {
    expect(of('postgres', 'shop')).toBe('godwit-postgres-shop');
    expect(of('mongodb', 'a:b c')).toBe('godwit-mongodb-a_b_c');
  });

  it('refuses PGlite', () => {
    expect(() => of('pglite', 'memory')).toThrow(
      expect.objectContaining({ code: 'GODWIT_UNSUPPORTED' }),
    );
  });
});
