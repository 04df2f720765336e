import type { PlanStep } from '../../core/plan.ts';
import type { BackfillSpec } from '../../ports/backfill-spec.ts';

/** A definition may be anything as yet: it is checked later. */
export function stepBackfillName(step: PlanStep, spec: BackfillSpec | undefined): string {
  return spec?.name ?? spec?.collection ?? spec?.table ?? step.migration.name;
}
