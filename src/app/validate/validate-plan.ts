import type { ValidateAfter } from '../../config/types.ts';
import { blameOf } from '../../core/checks/compare.ts';
import { countFindings } from '../../core/checks/count-findings.ts';
import { applySeverities } from '../../core/checks/severities.ts';
import type { LoadedStep } from '../../core/load-steps.ts';
import type { PlanStep } from '../../core/plan.ts';
import { type StepResult, succeeded } from '../../core/run.ts';
import { isApplied } from '../../core/state.ts';
import { hasMatch } from '../../core/text/long-sql.ts';
import { type ErrorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import type { Finding } from '../../ports/finding.ts';
import type { Migration } from '../../ports/migration.ts';
import { askDatabase, readable } from '../ask-database.ts';
import type { GuardReport, PlanGuard } from '../plan/guard.ts';
import { statusesOf } from '../read-state.ts';
import { isGood } from '../run/report.ts';
import type { Work } from '../with-session.ts';
import { reportValidation, type ValidationTime } from './report.ts';

/** Findings that an error lists; the report has them all. */
const LISTED = 10;

/**
 * Looks at the database before a plan, so that it is blamed only for what it brought about,
 * then after each migration or at the end.
 */
export async function watchPlan(
  work: Work,
  plans: readonly (readonly LoadedStep[])[],
  when: ValidateAfter,
): Promise<PlanGuard> {
  await refuseMissingExtensions(work, plans);
  if (when === false) return { end: async () => ({}) };
  const last = plans.at(-1) ?? [];
  const goingBack = last.length > 0 && last.every(({ step }) => step.direction === 'down');
  const watch = new Watch(work, goingBack);
  await watch.before();
  const end = (results: readonly StepResult[], changed: boolean) =>
    watch.end(results, plans.flat().length, changed);
  if (when === 'plan') return { end };
  // What a redo takes back on the way is no state that was meant to be.
  return {
    each: ({ step }) =>
      last.some((item) => item.step === step)
        ? watch.each(step, step !== last.at(-1)?.step)
        : watch.pass(step),
    end,
  };
}

class Watch {
  readonly #work: Work;
  readonly #goingBack: boolean;
  readonly #applied: Map<string, Migration>;
  #before: readonly Finding[] = [];
  /** What the last look found, when the end needs no other. */
  #final: GuardReport | undefined;

  constructor(work: Work, goingBack: boolean) {
    this.#work = work;
    this.#goingBack = goingBack;
    this.#applied = new Map(
      statusesOf(work.state).flatMap((status) =>
        status.migration && isApplied(status)
          ? [[status.migration.version, status.migration] as const]
          : [],
      ),
    );
  }

  async before(): Promise<void> {
    this.#before = await this.#ask('before', undefined);
  }

  async pass(step: PlanStep): Promise<undefined> {
    this.#note(step);
  }

  async each(step: PlanStep, underWay: boolean): Promise<ErrorInfo | undefined> {
    this.#note(step);
    const report = await this.#judge('each', step.id, underWay);
    if (!underWay || report.error) this.#final = report;
    return report.error;
  }

  async end(
    results: readonly StepResult[],
    planned: number,
    changed: boolean,
  ): Promise<GuardReport> {
    if (this.#final && (!changed || this.#final.error)) return this.#final;
    if (results.length < planned || !results.every(isGood)) return {};
    const { session, stop, abort } = this.#work;
    if (stop.aborted || abort.aborted || session.lost.aborted) return { skipped: true };
    for (const { step, outcome } of results) if (succeeded(outcome)) this.#note(step);
    return this.#judge('after', undefined, false);
  }

  #note({ migration, direction, version }: PlanStep): void {
    if (direction === 'up') this.#applied.set(version, migration);
    else this.#applied.delete(version);
  }

  async #judge(
    when: ValidationTime,
    id: string | undefined,
    underWay: boolean,
  ): Promise<GuardReport> {
    const { settings } = this.#work;
    try {
      const found = await this.#ask(when, id);
      const before = this.#before;
      const findings = blameOf(found, { before, configured: settings.checks, underWay });
      const error = errorOf(findings, id);
      return { validation: { findings, summary: countFindings(findings) }, error };
    } catch (thrown) {
      const cause = toGodwitError(thrown);
      const message = `What was done could not be validated: ${cause.message}`;
      return { error: failure(message, id) };
    }
  }

  async #ask(when: ValidationTime, id: string | undefined): Promise<readonly Finding[]> {
    const { project, settings, driver } = this.#work;
    const applied = [...this.#applied.values()];
    const goingBack = this.#goingBack;
    const ask = () => askDatabase({ settings, driver, applied, pending: [], goingBack });
    return (await reportValidation(project, ask, when, id)).findings;
  }
}

function errorOf(findings: readonly Finding[], id: string | undefined): ErrorInfo | undefined {
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return undefined;
  const what = id === undefined ? 'The plan was run' : `${id} was run`;
  return failure(`${what}, and validation found what was not there before:${list(errors)}`, id);
}

function list(errors: readonly Finding[]): string {
  const lines = errors.slice(0, LISTED).map(({ message, code }) => `\n  - ${message} (${code})`);
  const more = errors.length > LISTED ? `\n  … and ${errors.length - LISTED} more` : '';
  return `${lines.join('')}${more}`;
}

function failure(message: string, id: string | undefined): ErrorInfo {
  return {
    code: 'GODWIT_VALIDATION_FAILED',
    message,
    state:
      id === undefined
        ? 'What was run is done and recorded as such.'
        : `${id} is done and recorded as such; nothing was run after it.`,
    next: ['godwit validate', 'mend it with a new migration, or go back: godwit down'],
  };
}

/** A file that needs what the server has not got could only fail half-way through the plan. */
async function refuseMissingExtensions(
  { driver, settings }: Work,
  plans: readonly (readonly LoadedStep[])[],
): Promise<void> {
  const sql = plans
    .flat()
    .flatMap(({ step, body }) =>
      step.direction === 'up' && body.type === 'sql' && hasMatch(body.up, /\bextension\b/i)
        ? readable(body.up, settings)
        : [],
    );
  if (sql.length === 0) return;
  const checks = await driver.checks?.();
  try {
    const found = applySeverities((await checks?.missingExtensions?.(sql)) ?? [], settings.checks);
    const errors = found.filter(({ severity }) => severity === 'error');
    const [first] = errors;
    if (!first) return;
    throw new GodwitError(
      'GODWIT_VALIDATION_FAILED',
      errors.length === 1 ? first.message : `What is to be run cannot be:${list(errors)}`,
      {
        where: { file: first.where.file, line: first.where.line },
        state: 'Nothing was run.',
        next: [first.fix, 'or run it all the same: godwit up --no-validate'],
      },
    );
  } finally {
    await checks?.close();
  }
}
