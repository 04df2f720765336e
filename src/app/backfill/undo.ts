import { GodwitError } from '../../errors.ts';
import type { Backfills, UndoOptions, UndoResult } from '../../ports/backfill.ts';
import type { BackfillJob } from '../../ports/backfill-job.ts';
import type { WorkerReport } from '../../ports/backfill-ledger.ts';
import type { BackfillSpec } from '../../ports/backfill-spec.ts';
import { realTimers } from '../../worker/timers.ts';
import type { WriteOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { withJob, workerId } from './engine.ts';
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
  const { ledger, name, by, stop, abort } = request;
  const signal = AbortSignal.any([stop, abort]);
  const result = await withJob(request, async (backfills, job) => {
    if ((await backfills.head(ledger)) === undefined) throw neverRun(request);
    if (!job.touched) throw nothingKept(name);
    const onProgress = (restored: number): void =>
      project.emit({
        type: 'run.log',
        run: name,
        id: name,
        direction: 'down',
        message: `${restored} rows restored`,
      });
    const worker = { id: workerId(by), by, rows: 0 };
    return undoAlone(backfills, job, { worker, batch: BATCH, signal, onProgress });
  });
  const durationMs = Math.round(performance.now() - startedAt);
  if (signal.aborted) return { ...result, name, ledger, durationMs, error: stopped(name, result) };
  await keepInHistory(project, request, {
    direction: 'down',
    status: 'reverted',
    effect: 'complete',
    durationMs,
    result,
  });
  return { ...result, name, ledger, durationMs };
}

/** Tells of itself while it lasts, so that no other begins meanwhile. */
async function undoAlone(
  backfills: Backfills,
  job: BackfillJob,
  options: UndoOptions,
): Promise<UndoResult> {
  const { worker, signal } = options;
  const over = new AbortController();
  const work = backfills.undo(job, options);
  const beats = beat(backfills, job.ledger, worker, over.signal);
  try {
    const result = await work;
    if (!signal.aborted) await backfills.end(job.ledger, 'undone', { ...result });
    return result;
  } finally {
    over.abort();
    await beats;
    await backfills.letGo(job.ledger, worker.id, []).catch(() => undefined);
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

function nothingKept(name: string): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_INVALID',
    `${name} has no \`backup: 'touched'\`: what its rows were before was not kept.`,
    {
      state: 'Nothing was changed.',
      next: ["if it was run with `backup: 'touched'`, put that back into its definition"],
    },
  );
}

function stopped(name: string, { restored }: UndoResult): BackfillUndoReport['error'] {
  return {
    code: 'GODWIT_STOPPED',
    message: `The undoing of ${name} was stopped after ${restored} rows.`,
    state: 'Those are as they were before it, the others as it left them.',
    next: [`go on: godwit backfill undo ${name}`],
  };
}
