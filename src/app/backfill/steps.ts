import type { PlanStep } from '../../core/plan.ts';
import type { StepBackfills } from '../../core/run-environment.ts';
import { GodwitError } from '../../errors.ts';
import type { Work } from '../with-session.ts';
import { stepBackfillName } from './step-name.ts';

/**
 * `ctx.backfill` of the migrations of a plan. The engine is loaded by the first one.
 *
 * @param retry as `up --retry` asks: a ledger is resumed although its definition changed
 */
export function backfillSteps(work: Work, retry: boolean): StepBackfills {
  const running = new Map<string, Promise<unknown>>();
  return {
    async run(step, spec) {
      const id = `${step.version}:${stepBackfillName(step, spec)}`;
      if (running.has(id)) throw sameName(step, stepBackfillName(step, spec));
      const result = import('./in-migration.ts').then(({ backfillInStep }) =>
        backfillInStep(work, step, spec, retry),
      );
      running.set(id, result);
      return result.finally(() => running.delete(id));
    },
    async settle() {
      // After a second Ctrl-C nothing is waited for.
      if (!work.abort.aborted) await Promise.allSettled(running.values());
    },
  };
}

function sameName(step: PlanStep, name: string): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_INVALID',
    `${step.id} runs two backfills named ${name} at once.`,
    { state: 'The second one was not begun.', next: ['give each of them a name of its own'] },
  );
}
