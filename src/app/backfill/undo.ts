import { overtaken } from '../../core/backfill/refuse-undo.ts';
import { GodwitError } from '../../errors.ts';
import type { Backfills, UndoOptions, UndoResult } from '../../ports/backfill.ts';
import type { BackfillJob } from '../../ports/backfill-job.ts';
import type { LedgerHead, WorkerReport } from '../../ports/backfill-ledger.ts';
import type { BackfillSpec } from '../../ports/backfill-spec.ts';
import { realTimers } from '../../worker/timers.ts';
import type { WriteOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { type BackfillRequest, withJob, workerId } from './engine.ts';
import { createRequest, keepInHistory, neverRun } from './runs.ts';
import type { BackfillUndoReport } from './types.ts';

const BATCH = 1_000;
const HEARTBEAT_MS = 1_500;

/** Puts back what a backfill with `backup: 'touched'` changed; goes on where one was stopped. */
export async function undo(
  project: Project,
  backfill: string | BackfillSpec,
  options: WriteOptions,
): Promise<BackfillUndoReport> {
  const request = await createRequest(project, backfill, options);
  const startedAt = performance.now();
  const { ledger, name, stop, abort } = request;
  const signal = AbortSignal.any([stop, abort]);
  const onProgress = (restored: number): void =>
    project.emit({
      type: 'run.log',
      run: name,
      id: name,
      direction: 'down',
      message: `${restored} rows restored`,
    });
  const { ended, ...result } = await withJob(request, async (backfills, job) => {
    refuseOther(request, await backfills.head(ledger), job);
    return undoAlone(backfills, job, request, { signal, onProgress });
  });
  const report = { ...result, name, ledger, durationMs: Math.round(performance.now() - startedAt) };
  if (!ended) return { ...report, error: stopped(name, result) };
  await keepInHistory(project, request, {
    direction: 'down',
    status: 'reverted',
    effect: 'complete',
    durationMs: report.durationMs,
    result,
  });
  return report;
}

function refuseOther(
  request: BackfillRequest,
  head: LedgerHead | undefined,
  job: BackfillJob,
): asserts head is LedgerHead {
  if (head === undefined) throw neverRun(request);
  if (head.target === job.target) return;
  throw new GodwitError(
    'GODWIT_BACKFILL_CHANGED',
    `The backfill ${head.name} was run on ${head.target}, and is defined on ${job.target} now.`,
    { state: 'Nothing was undone.', next: ['restore the definition, then undo it'] },
  );
}

interface Alone extends UndoResult {
  /** False: it was stopped. */
  readonly ended: boolean;
}

/** Tells of itself while it lasts, so that no other begins meanwhile. */
async function undoAlone(
  backfills: Backfills,
  job: BackfillJob,
  { by, name }: BackfillRequest,
  how: Pick<UndoOptions, 'signal' | 'onProgress'>,
): Promise<Alone> {
  const worker = { id: workerId(by), by, rows: 0 };
  const over = new AbortController();
  let beats: Promise<void> | undefined;
  const onBegun = (): void => {
    beats = beat(backfills, job.ledger, worker, over.signal);
  };
  try {
    const result = await backfills.undo(job, { ...how, worker, batch: BATCH, onBegun });
    const ended = !how.signal.aborted;
    if (ended && !(await backfills.end(job.ledger, 'undone', { ...result }))) throw overtaken(name);
    return { ...result, ended };
  } finally {
    over.abort();
    await beats;
    if (beats) await backfills.letGo(job.ledger, worker.id, []).catch(() => undefined);
  }
}

async function beat(
  backfills: Backfills,
  ledger: string,
  worker: WorkerReport,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    await realTimers.sleep(HEARTBEAT_MS, over);
    if (over.aborted) return;
    // One that fails for a moment is made up for by the next.
    await backfills.heartbeat(ledger, worker).catch(() => undefined);
  }
}

function stopped(name: string, { restored }: UndoResult): BackfillUndoReport['error'] {
  return {
    code: 'GODWIT_STOPPED',
    message: `The undoing of ${name} was stopped after ${restored} rows.`,
    state: 'Those are as they were before it, the others as it left them.',
    next: [`go on: godwit backfill undo ${name}`],
  };
}
