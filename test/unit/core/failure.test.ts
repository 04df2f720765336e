import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../../src/core/failure.ts';
import type { PlanStep } from '../../../src/core/plan.ts';
import type { Outcome } from '../../../src/ports/session.ts';
import { aMigration } from './build.ts';

const step: PlanStep = {
  id: '2_step',
  version: '2',
  direction: 'up',
  transaction: 'auto',
  reasons: [],
  migration: aMigration('2'),
  record: undefined,
};

function outcome(more: Partial<Outcome>): Outcome {
  return {
    status: 'failed',
    effect: 'partial',
    durationMs: 1,
    transactional: false,
    recorded: true,
    error: { code: 'GODWIT_MIGRATION_FAILED', message: 'no' },
    ...more,
  };
}

describe('describeFailure', () => {
  it('says what is still there, and what to fix', () => {
    expect(describeFailure(step, outcome({}), 1)).toMatchObject({
      state:
        '2_step ran outside a transaction: what it did before the error is still there. 1 migration was applied before it.',
      next: [
        'fix migrations/2_step.js, then: godwit up',
        'or, once the rest is done by hand: godwit mark 2_step applied',
      ],
    });
    expect(describeFailure(step, outcome({ effect: 'none' }), 0)).toMatchObject({
      state: '2_step was rolled back and left nothing. Nothing was applied before it.',
      next: ['fix migrations/2_step.js, then: godwit up'],
    });
  });

  it('finds nothing to fix in what was stopped', () => {
    const stopped = outcome({
      status: 'stopped',
      error: { code: 'GODWIT_STOPPED', message: 'stopped', where: { file: 'a.js' } },
    });
    const { state, next } = describeFailure(step, stopped, 0) ?? {};
    expect(state).toMatch(/what it did before it was stopped is still there/);
    expect(next?.[0]).toBe('go on with it: godwit up');
  });

  it('leaves what the driver said', () => {
    const error = { code: 'GODWIT_STOPPED', message: 'x', state: 'S.', next: ['n'] } as const;
    expect(describeFailure(step, outcome({ error }), 0)).toEqual(error);
    expect(describeFailure(step, outcome({ error: undefined }), 0)).toBeUndefined();
  });
});
