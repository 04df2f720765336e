import { describe, expect, it } from 'vitest';
import { foldHistory } from '../../../src/core/fold.ts';
import { anEvent } from './build.ts';

const failure = { code: 'GODWIT_MIGRATION_FAILED', message: 'no' } as const;

describe('foldHistory', () => {
  it('an ended run is applied, with its time and place in the order', () => {
    const event = anEvent('1', 'a', { event: 'ended', durationMs: 12 });
    const [record] = foldHistory([event]);
    expect(record).toMatchObject({
      state: 'applied',
      appliedSeq: event.seq,
      appliedAt: event.at,
      durationMs: 12,
    });
  });

  it('a reverted one is pending again and keeps no application', () => {
    const [record] = foldHistory([
      anEvent('1', 'a', { event: 'ended' }),
      anEvent('1', 'b', { event: 'ended', direction: 'down', status: 'reverted' }),
    ]);
    expect(record?.state).toBe('pending');
    expect(record?.appliedSeq).toBeUndefined();
  });

  it('a started one without an end is open, and says how it resumes', () => {
    const [record] = foldHistory([anEvent('1', 'a', { event: 'started', resume: 'ask' })]);
    expect(record).toMatchObject({ state: 'open', resume: 'ask' });
  });

  it('checkpoints add up within a run, and a failed run keeps its last', () => {
    const [record] = foldHistory([
      anEvent('1', 'a', { event: 'started', resume: 'checkpoint' }),
      anEvent('1', 'a', { event: 'checkpoint', statements: 1, prefix: 'p1' }),
      anEvent('1', 'a', { event: 'checkpoint', statements: 2, prefix: 'p2' }),
      anEvent('1', 'a', { event: 'ended', status: 'failed', effect: 'partial', error: failure }),
    ]);
    expect(record).toMatchObject({
      state: 'failed',
      effect: 'partial',
      resume: 'checkpoint',
      checkpoint: { statements: 2, prefix: 'p2' },
      error: failure,
    });
  });

  it('a new run forgets the checkpoint of the one before', () => {
    const [record] = foldHistory([
      anEvent('1', 'a', { event: 'started', resume: 'checkpoint' }),
      anEvent('1', 'a', { event: 'checkpoint', statements: 1, prefix: 'p1' }),
      anEvent('1', 'b', { event: 'started', resume: 'checkpoint' }),
    ]);
    expect(record?.checkpoint).toBeUndefined();
  });

  it('a revert that was rolled back leaves it applied', () => {
    const [record] = foldHistory([
      anEvent('1', 'a', { event: 'ended' }),
      anEvent('1', 'b', {
        event: 'ended',
        direction: 'down',
        status: 'failed',
        effect: 'none',
        error: failure,
      }),
    ]);
    expect(record).toMatchObject({ state: 'applied', run: 'a', error: failure });
  });

  it('a revert that stopped half-way is failed, downwards, and not applied', () => {
    const [record] = foldHistory([
      anEvent('1', 'a', { event: 'ended' }),
      anEvent('1', 'b', { event: 'started', direction: 'down' }),
      anEvent('1', 'b', {
        event: 'ended',
        direction: 'down',
        status: 'failed',
        effect: 'partial',
        error: failure,
      }),
    ]);
    expect(record).toMatchObject({ state: 'failed', direction: 'down' });
  });

  it('accepting changes the checksum and nothing else', () => {
    const [record] = foldHistory([
      anEvent('1', 'a', { event: 'ended', checksum: 'old' }),
      anEvent('1', 'b', { event: 'accepted', checksum: 'new', normalized: 'v1:new' }),
    ]);
    expect(record).toMatchObject({ state: 'applied', checksum: 'new', run: 'a' });
  });
});
