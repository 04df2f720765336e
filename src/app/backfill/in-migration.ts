import { dirname, resolve } from 'node:path';
import type { PlanStep } from '../../core/plan.ts';
import { type ErrorInfo, GodwitError } from '../../errors.ts';
import type { BeginOptions } from '../../ports/backfill.ts';
import type { LedgerHead } from '../../ports/backfill-ledger.ts';
import type { BackfillSpec, BackfillSummary } from '../../ports/backfill-spec.ts';
import type { Work } from '../with-session.ts';
import { performBackfill, withBackfills } from './engine.ts';
import { stepBackfillName } from './step-name.ts';

/**
 * One `ctx.backfill`. The ledger is the migration's: whoever runs the migration next resumes
 * it, and it is begun anew only when the migration was reverted since (or, for a `down`,
 * applied again).
 *
 * @throws GodwitError what came of it, unless it is complete
 */
export async function backfillInStep(
  work: Work,
  step: PlanStep,
  spec: BackfillSpec,
  retry: boolean,
): Promise<BackfillSummary> {
  const { driver, by, project, settings, session } = work;
  const name = stepBackfillName(step, spec);
  const part = step.direction === 'down' ? 'down:' : '';
  const ledger = `migration:${step.version}:${part}${name}`;
  const file = step.migration.file;
  const request = {
    driver,
    by,
    emit: project.emit,
    stop: work.stop,
    abort: AbortSignal.any([work.abort, session.lost]),
    spec,
    ledger,
    name,
    file,
    folder: file === undefined ? settings.root : dirname(resolve(settings.root, file)),
  };
  const begin = await beginOptions(work, step, ledger, retry);
  const { summary, error } = await performBackfill(request, begin);
  if (summary.state === 'complete') return summary;
  throw notComplete(step, summary, error);
}

async function beginOptions(
  { driver }: Work,
  step: PlanStep,
  ledger: string,
  retry: boolean,
): Promise<Omit<BeginOptions, 'by'>> {
  return withBackfills(driver, 1, async (backfills) => {
    const head = await backfills.head(ledger);
    if (head === undefined) return { mode: 'resume', acceptDefinition: false };
    if (await isStale(driver, step, head)) {
      if (head.state !== 'complete' && head.state !== 'undone') {
        await backfills.end(ledger, 'cancelled', {});
      }
      return { mode: 'again', acceptDefinition: true };
    }
    // What failed at a row is run again with a definition that was mended.
    return { mode: 'resume', acceptDefinition: retry || head.state === 'failed' };
  });
}

/** Whether the ledger is of a time before the migration was reverted (for `down`: applied). */
async function isStale(
  driver: Work['driver'],
  { version, direction }: PlanStep,
  head: LedgerHead,
): Promise<boolean> {
  const events = await driver.history.events({ version });
  const turned = direction === 'up' ? 'reverted' : 'applied';
  const turn = events.findLast((event) => event.event === 'ended' && event.status === turned);
  return turn !== undefined && turn.at > head.startedAt;
}

function notComplete(
  step: PlanStep,
  summary: BackfillSummary,
  error: ErrorInfo | undefined,
): GodwitError {
  const stopped = summary.state === 'stopped';
  const command = step.direction === 'up' ? 'up' : 'down';
  return new GodwitError(
    stopped ? 'GODWIT_STOPPED' : (error?.code ?? 'GODWIT_BACKFILL_FAILED'),
    `The backfill ${summary.name} of ${step.id} is ${summary.state}${error && !stopped ? `: ${error.message}` : '.'}`,
    {
      state: `${summary.rows} rows are done, and none of them will be done again; ${step.id} is not recorded as ${step.direction === 'up' ? 'applied' : 'reverted'}.`,
      next: stopped
        ? [`go on: godwit ${command}`]
        : [
            `godwit backfill status ${summary.ledger}`,
            `once it is mended, go on: godwit ${command}`,
          ],
    },
  );
}
