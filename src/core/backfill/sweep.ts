export const MOST_SWEEPS = 20;

export interface SweepState {
  readonly sweep: number;
  /** Rows that the last sweep changed or deleted. */
  readonly changed: number;
  /** Rows that match the filter now. */
  readonly left: number;
}

export type SweepDecision =
  | { readonly again: true }
  | { readonly again: false; readonly reason: string };

/**
 * Whether what is left is worth another sweep. When after the first one as many rows match
 * as it changed, its work does not leave the filter: to go on would change rows twice.
 */
export function maySweepAgain({ sweep, changed, left }: SweepState): SweepDecision {
  if (changed === 0) {
    return { again: false, reason: `${left} rows match the filter and are not changed by it.` };
  }
  if (sweep === 1 && left >= changed) {
    return {
      again: false,
      reason: `${left} rows match the filter after ${changed} were changed: it was not swept again, because changed rows may still match.`,
    };
  }
  if (sweep >= MOST_SWEEPS) {
    return { again: false, reason: `${left} rows match the filter after ${sweep} sweeps.` };
  }
  return { again: true };
}
