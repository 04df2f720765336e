import { hash } from 'node:crypto';
import type { SourceProblem } from '../ports/source.ts';
import { planDown } from './plan-down.ts';
import type { Plan, PlanInput, PlanProblem, PlanStep } from './plan-model.ts';
import { planUp } from './plan-up.ts';
import { joinStates, type MigrationStatus } from './state.ts';

export type { Plan, PlanInput, PlanProblem, PlanRequest, PlanStep } from './plan-model.ts';

/**
 * Pure: the same input gives the same plan. Problems never hide each other, and a plan
 * with an error still lists the steps it would have had.
 */
export function computePlan(input: PlanInput): Plan {
  const { request } = input;
  const statuses = joinStates(input.migrations, input.records, input.holder);
  const draft =
    request.direction === 'up' ? planUp(statuses, request) : planDown(statuses, request);
  return {
    direction: request.direction,
    steps: draft.steps,
    problems: [...input.problems.map(fromSource), ...draft.problems],
    fingerprint: fingerprint(statuses, draft.steps),
  };
}

function fromSource(problem: SourceProblem): PlanProblem {
  return { code: problem.code, severity: 'error', message: problem.message, fix: problem.fix };
}

/** The idea of comparing a fingerprint before a plan is applied is pgschema's. */
function fingerprint(statuses: readonly MigrationStatus[], steps: readonly PlanStep[]): string {
  const facts = [
    ...statuses.map(({ version, state, migration, record }) => {
      return [version, state, migration?.id, migration?.checksum?.raw, record?.checksum];
    }),
    ...steps.map(({ direction, version }) => [direction, version]),
  ];
  return hash('sha256', facts.map((fact) => JSON.stringify(fact)).join(''), 'hex').slice(0, 16);
}
