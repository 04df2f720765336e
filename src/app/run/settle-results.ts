import type { StepResult } from '../../core/run.ts';
import type { Session } from '../../ports/session.ts';

/** Waits until records are safe; what cannot be made sure of is not reported as done. */
export async function settleResults(
  session: Session,
  results: readonly StepResult[],
): Promise<StepResult[]> {
  const unsettled = await session.settle?.();
  if (unsettled === undefined) return [...results];
  const { runs, error } = unsettled;
  return results.map((result) => {
    const { id, direction } = result.step;
    if (!runs.some((run) => run.id === id && run.direction === direction)) return result;
    const outcome = { ...result.outcome, status: 'failed', recorded: false, error } as const;
    return { ...result, outcome, error: result.error ?? error };
  });
}
