import { randomUUID } from 'node:crypto';
import type { DryRun } from '../../core/backfill/dry-run.ts';
import type { BackfillResult } from '../../core/backfill/run-backfill.ts';
import type { WorkEnd } from '../../core/backfill/work-parts.ts';
import { type ErrorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import type { LedgerHead } from '../../ports/backfill-ledger.ts';
import type { BackfillSpec, BackfillSummary } from '../../ports/backfill-spec.ts';
import type { EndedEvent } from '../../ports/history.ts';
import { currentActor } from '../actor.ts';
import type { WriteOptions } from '../options.ts';
import type { Project } from '../project.ts';
import {
  type BackfillRequest,
  drainChunks,
  performBackfill,
  rehearseBackfill,
  withBackfills,
} from './engine.ts';
import { findBackfill } from './find.ts';
import type { BackfillReport, BackfillRunOptions } from './types.ts';

/** Begins, resumes or joins a backfill of the folder. */
export async function run(
  project: Project,
  backfill: string | BackfillSpec,
  options: BackfillRunOptions,
): Promise<BackfillReport> {
  const request = await createRequest(project, backfill, options);
  if (!options.again) {
    await withBackfills(request.driver, 1, async (backfills) =>
      refuseGivenUp(request, await backfills.head(request.ledger)),
    );
  }
  const mode = options.again ? 'again' : 'resume';
  return perform(project, request, {
    mode,
    acceptDefinition: options.acceptDefinition ?? options.again ?? false,
  });
}

/** Rows that were set aside wait again, and are done with the definition as it is now. */
export async function retry(
  project: Project,
  backfill: string | BackfillSpec,
  options: BackfillRunOptions,
): Promise<BackfillReport> {
  const request = await createRequest(project, backfill, options);
  await withBackfills(request.driver, 1, async (backfills) => {
    const head = await backfills.head(request.ledger);
    if (head === undefined) throw neverRun(request);
    refuseGivenUp(request, head);
    await backfills.retryPoisoned(request.ledger);
  });
  return perform(project, request, { mode: 'resume', acceptDefinition: true });
}

export async function rehearse(
  project: Project,
  backfill: string | BackfillSpec,
  options: BackfillRunOptions,
): Promise<DryRun> {
  return rehearseBackfill(await createRequest(project, backfill, options));
}

export async function drain(
  project: Project,
  backfill: string | BackfillSpec,
  options: WriteOptions & { readonly chunks: number },
): Promise<WorkEnd> {
  return drainChunks(await createRequest(project, backfill, options), options.chunks);
}

export async function createRequest(
  project: Project,
  backfill: string | BackfillSpec,
  options: BackfillRunOptions,
): Promise<BackfillRequest> {
  const { name, ledger, spec, file, folder } = await findBackfill(project, backfill);
  const [settings, driver] = await Promise.all([project.settings(), project.driver()]);
  const { chunk, concurrency, control, windows } = options;
  return {
    driver,
    by: currentActor(settings.root),
    emit: project.emit,
    stop: options.signal ?? new AbortController().signal,
    abort: options.abort ?? new AbortController().signal,
    spec,
    ledger,
    name,
    file,
    folder,
    overrides: { chunk, concurrency, control, windows },
  };
}

async function perform(
  project: Project,
  request: BackfillRequest,
  begin: Parameters<typeof performBackfill>[1],
): Promise<BackfillReport> {
  const { driver, emit } = request;
  emit({ type: 'target', target: driver.target, command: project.options.command ?? 'backfill' });
  const result = await performBackfill(request, begin);
  if (result.ended) await keepSummary(project, request, result);
  const { summary, ran, error } = result;
  return { summary, ran, ...(error && { error: withAdvice(error, request.name, summary) }) };
}

function withAdvice(
  error: ErrorInfo,
  name: string,
  { state, poisoned }: BackfillSummary,
): ErrorInfo {
  if (error.next !== undefined) return error;
  const look = poisoned > 0 ? [`see which rows: godwit backfill status ${name}`] : [];
  const isOver = state === 'cancelled' || state === 'undoing' || state === 'undone';
  const next = isOver ? [`godwit backfill status ${name}`] : [`go on: godwit backfill run ${name}`];
  return { ...error, next: [...look, ...next] };
}

/** To begin a cancelled one anew does rows again that were done, so that must be said. */
function refuseGivenUp({ name }: BackfillRequest, head: LedgerHead | undefined): void {
  if (head?.state !== 'cancelled' && head?.state !== 'undone') return;
  throw new GodwitError('GODWIT_CONFIRMATION_NEEDED', `The backfill ${name} is ${head.state}.`, {
    state: `${head.progress.rows} rows had been done by then.`,
    next: [`begin anew, doing those again too: godwit backfill run ${name} --again`],
  });
}

export function neverRun({ name }: BackfillRequest): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_UNKNOWN', `The backfill ${name} was never run.`, {
    state: 'Nothing was changed.',
    next: [`godwit backfill run ${name}`],
  });
}

function keepSummary(
  project: Project,
  request: BackfillRequest,
  { summary, error }: BackfillResult,
): Promise<void> {
  const complete = summary.state === 'complete';
  return keepInHistory(project, request, {
    direction: 'up',
    status: complete ? 'applied' : 'failed',
    effect: complete ? 'complete' : 'partial',
    durationMs: summary.durationMs,
    result: summary,
    error,
  });
}

type Record = Pick<
  EndedEvent,
  'direction' | 'status' | 'effect' | 'durationMs' | 'result' | 'error'
>;

/**
 * History is written under the lock alone, so it is taken for a moment. Where somebody
 * holds it for long, the summary is in the ledger all the same.
 */
export async function keepInHistory(
  project: Project,
  { driver, by, name, abort }: BackfillRequest,
  record: Record,
): Promise<void> {
  const settings = await project.settings();
  try {
    const session = await driver.acquire({
      by,
      command: `backfill ${name}`,
      timeoutMs: settings.lockTimeoutMs,
      leaseMs: settings.lockLeaseMs,
      signal: abort,
      emit: project.emit,
    });
    try {
      const event: EndedEvent = {
        run: randomUUID(),
        kind: 'backfill',
        version: name,
        id: name,
        name,
        by,
        fence: session.fence,
        event: 'ended',
        via: 'run',
        ...record,
      };
      await session.append([event], []);
    } finally {
      await session.release();
    }
  } catch (thrown) {
    const { message } = toGodwitError(thrown);
    project.emit({
      type: 'warning',
      code: 'GODWIT_BACKFILL_NOT_IN_HISTORY',
      message: `The summary of ${name} is in its ledger, but not in the history: ${message}`,
    });
  }
}
