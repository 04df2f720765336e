import type { ShownPlan } from '../../app/plan/show.ts';
import type { PlanProblem, PlanStep } from '../../core/plan.ts';
import { plural } from './measures.ts';
import type { Style } from './style.ts';
import { renderDefinitions } from './sync.ts';
import { renderTable } from './table.ts';

/** What would be done, every reason not to, and the command that does exactly this. */
export function renderPlan(
  plan: ShownPlan,
  command: string,
  style: Style,
  width: number | undefined,
): string {
  const { steps, problems, direction, definitions = [] } = plan;
  const stopped = problems.some(({ severity }) => severity === 'error');
  if (steps.length + problems.length + definitions.length === 0) {
    return `  ${style.green(style.signs.done)} Nothing to do.\n`;
  }
  const parts = [`  ${direction === 'up' ? 'Up' : 'Down'}: ${plural(steps.length, 'migration')}\n`];
  if (steps.length > 0)
    parts.push(
      '\n',
      renderTable(
        steps.map((step, index) => row(step, index, style)),
        width,
        2,
      ),
    );
  if (definitions.length > 0) parts.push('\n', renderDefinitions(definitions, style));
  if (problems.length > 0) parts.push('\n', renderProblems(problems, style));
  if (steps.length > 0 && !stopped) {
    parts.push(`\n  ${style.dim('Run')}    ${command}\n`);
  }
  return parts.join('');
}

function row(step: PlanStep, index: number, style: Style): string[] {
  const { description } = step.migration;
  return [
    style.dim(String(index + 1).padStart(2)),
    step.id,
    howItRuns(step),
    step.reasons.join('; '),
    style.dim(description ?? ''),
  ];
}

function howItRuns({ transaction, migration }: PlanStep): string {
  if (transaction === 'auto') return '';
  if (transaction === 'always') return 'in a transaction';
  return migration.format === 'sql' ? 'statement by statement' : 'without a transaction';
}

/** As JSON: without what only the program itself needs. */
export function planDocument(plan: ShownPlan) {
  return {
    direction: plan.direction,
    steps: plan.steps.map(({ id, version, direction, transaction, reasons }) => ({
      id,
      version,
      direction,
      transaction,
      reasons,
    })),
    problems: plan.problems,
    ...(plan.definitions && { definitions: plan.definitions }),
    fingerprint: plan.fingerprint,
  };
}

export function renderProblems(problems: readonly PlanProblem[], style: Style): string {
  return problems
    .map(({ severity, message, fix, code }) => {
      const sign =
        severity === 'error' ? style.red(style.signs.failed) : style.yellow(style.signs.warning);
      return `  ${sign} ${message} ${style.dim(code)}\n    ${style.dim('Next')}  ${fix}\n`;
    })
    .join('');
}
