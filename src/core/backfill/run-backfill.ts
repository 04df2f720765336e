import { type ErrorInfo, errorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import type { BackfillInspection, BeginOptions } from '../../ports/backfill.ts';
import type { BackfillJob } from '../../ports/backfill-job.ts';
import type { LedgerHead } from '../../ports/backfill-ledger.ts';
import type { BackfillSpec, BackfillSummary } from '../../ports/backfill-spec.ts';
import { Faulted, patiently } from './faults.ts';
import { storedSummary, summarize } from './summary.ts';
import { maySweepAgain } from './sweep.ts';
import { askVerify } from './verify.ts';
import type { WorkEnd, WorkParts } from './work-parts.ts';
import { BackfillWorker } from './worker.ts';

export interface RunParts extends WorkParts {
  readonly spec: BackfillSpec;
  readonly begin: Omit<BeginOptions, 'by'>;
}

export interface BackfillResult {
  readonly summary: BackfillSummary;
  /** False when it was complete before, so that nothing was done. */
  readonly ran: boolean;
  /** Whether this process was the one that ended the ledger. */
  readonly ended: boolean;
  readonly error?: ErrorInfo | undefined;
}

/**
 * Begins or resumes a backfill, works on it beside whoever else does, and ends it. A failed
 * or stopped one is a result, not an exception.
 *
 * @throws GodwitError GODWIT_BACKFILL_INVALID, GODWIT_BACKFILL_CHANGED, and what the
 *   connection throws before it has begun
 */
export async function runBackfill(parts: RunParts): Promise<BackfillResult> {
  const { backfills, job, begin, worker, timers } = parts;
  const startedAt = timers.now();
  const inspection = await coded(backfills, () => backfills.inspect(job));
  const head = await coded(backfills, () => backfills.begin(job, { ...begin, by: worker.by }));
  if (head.state !== 'running' && head.state !== 'paused') {
    if (head.definition !== job.definition && !begin.acceptDefinition)
      throw endedOtherwise(job, head);
    return { summary: storedSummary(job, head), ran: false, ended: false };
  }
  // Rows that stopped it are why somebody looked at it: they are tried again.
  if (parts.plan.onError === 'stop' && head.progress.poisoned > 0) {
    await backfills.retryPoisoned(job.ledger);
  }
  announce(parts, head, inspection);
  const run = new Run(parts, head, inspection, startedAt);
  const result = await run.toTheEnd();
  const { ledger, name } = job;
  const { summary, error } = result;
  parts.emit({ type: 'backfill.ended', ledger, name, summary, ...(error && { error }) });
  return result;
}

function endedOtherwise(
  { name, ledger }: BackfillJob,
  { state, progress }: LedgerHead,
): GodwitError {
  const standalone = ledger.startsWith('backfill:');
  return new GodwitError(
    'GODWIT_BACKFILL_CHANGED',
    `The backfill ${name} is ${state}, with another definition than the one it has now.`,
    {
      state: `${progress.rows} rows were done as it was defined then; nothing was done now.`,
      next: standalone
        ? [`do it again, as it is now: godwit backfill run ${name} --again`]
        : [
            'give it a name of its own, if it is another backfill',
            'or take it as done: godwit up --retry',
          ],
    },
  );
}

/** What a driver throws as it came is given its code. */
async function coded<T>(
  backfills: Pick<RunParts['backfills'], 'classify'>,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof GodwitError) throw thrown;
    const { error } = thrown instanceof Faulted ? thrown.fault : backfills.classify(thrown);
    throw new GodwitError(error.code, error.message, { ...error, cause: thrown });
  }
}

function announce(parts: RunParts, head: LedgerHead, { notes }: BackfillInspection): void {
  const { ledger, name, target } = parts.job;
  const { total, exact, guarantee, progress } = head;
  const resumedAt = progress.chunksDone > 0 ? progress.rows : undefined;
  parts.emit({
    type: 'backfill.started',
    ledger,
    name,
    target,
    total,
    exact,
    guarantee,
    resumedAt,
    notes,
  });
}

class Run {
  readonly #parts: RunParts;
  readonly #inspection: BackfillInspection;
  readonly #startedAt: number;
  #worker: BackfillWorker;
  #head: LedgerHead;
  #remaining: BackfillSummary['remaining'];
  #changedBefore = 0;
  readonly #notes: string[] = [];

  constructor(
    parts: RunParts,
    head: LedgerHead,
    inspection: BackfillInspection,
    startedAt: number,
  ) {
    this.#parts = parts;
    this.#head = head;
    this.#inspection = inspection;
    this.#startedAt = startedAt;
    this.#worker = new BackfillWorker(parts, head, inspection.rowBytes);
  }

  async toTheEnd(): Promise<BackfillResult> {
    for (;;) {
      const end = await this.#worker.run();
      await this.#look();
      if (end.type !== 'done') return this.#conclude(end);
      try {
        if (!(await this.#sweepOn())) {
          const result = await this.#complete();
          if (result) return result;
        }
      } catch (thrown) {
        return this.#conclude({ type: 'failed', error: errorInfo(toGodwitError(thrown)) });
      }
      // Another sweep, or chunks that somebody opened meanwhile.
      const next = new BackfillWorker(this.#parts, this.#head, this.#inspection.rowBytes);
      next.meter.continue(this.#worker.meter);
      this.#worker = next;
    }
  }

  async #look(): Promise<void> {
    const { backfills, job } = this.#parts;
    if (this.#parts.abort.aborted) return;
    this.#head = (await backfills.head(job.ledger).catch(() => undefined)) ?? this.#head;
  }

  /** A server that is away for a moment does not fail what is all but done. */
  #ask<T>(run: () => Promise<T>): Promise<T> {
    const { backfills, timers, stop } = this.#parts;
    const patience = { backfills, timers, ending: stop, onRetry: () => undefined };
    return coded(backfills, () => patiently(patience, undefined, run));
  }

  /** @returns whether there is another sweep to do */
  async #sweepOn(): Promise<boolean> {
    const { backfills, job, plan } = this.#parts;
    const { growingKey } = this.#inspection;
    if (job.filter === undefined && !growingKey) return false;
    const within = job.filter !== undefined;
    const remaining = await this.#ask(() => backfills.remaining(job, { within }));
    this.#remaining = remaining;
    if (plan.sweep === 'once' || growingKey || remaining.within === 0) return false;
    const { progress, sweep } = this.#head;
    const changed = progress.changed + progress.deleted - this.#changedBefore;
    const decision = maySweepAgain({ sweep, changed, left: remaining.within });
    if (!decision.again) {
      this.#notes.push(decision.reason);
      return false;
    }
    this.#changedBefore += changed;
    await this.#ask(() => backfills.sweepAgain(job, sweep + 1));
    await this.#look();
    return true;
  }

  /** @returns undefined when there is something to do again */
  async #complete(): Promise<BackfillResult | undefined> {
    const { backfills, job, spec } = this.#parts;
    const summary = this.#summary('complete');
    const failed = await this.#ask(() => askVerify(backfills, job, spec.verify, summary));
    if (failed) return this.#conclude({ type: 'failed', error: failed });
    const ended = await this.#ask(() => backfills.end(job.ledger, 'complete', { ...summary }));
    if (ended) return { summary, ran: true, ended };
    await this.#look();
    if (this.#head.state === 'running' || this.#head.state === 'paused') return undefined;
    return this.#conclude({ type: 'ended', state: this.#head.state });
  }

  async #conclude(end: WorkEnd): Promise<BackfillResult> {
    const { backfills, job, abort } = this.#parts;
    const state = stateOf(end);
    const error = this.#errorOf(end);
    const summary = this.#summary(state);
    let ended = false;
    if ((end.type === 'failed' || end.type === 'cancelled') && !abort.aborted) {
      const kept = end.type === 'failed' ? 'failed' : 'cancelled';
      // A server that is gone cannot be told; the ledger resumes all the same.
      ended = await backfills
        .end(job.ledger, kept, { ...summary }, error && errorInfo(error))
        .catch(() => false);
    }
    return { summary, ran: true, ended, ...(error && { error }) };
  }

  #errorOf(end: WorkEnd): ErrorInfo | undefined {
    const { name } = this.#parts.job;
    const state = `What was finished is recorded: ${this.#head.progress.rows} rows are done, and none of them will be done again.`;
    switch (end.type) {
      case 'failed':
        return { ...end.error, state: end.error.state ?? state };
      case 'stopped':
        return { code: 'GODWIT_STOPPED', message: `The backfill ${name} was stopped.`, state };
      case 'cancelled':
        return { code: 'GODWIT_STOPPED', message: `The backfill ${name} was cancelled.`, state };
      case 'ended':
        if (end.state === 'complete') return undefined;
        return (
          this.#head.error ?? {
            code: end.state === 'cancelled' ? 'GODWIT_STOPPED' : 'GODWIT_BACKFILL_FAILED',
            message: `The backfill ${name} ${end.state === 'undoing' ? 'is being undone' : `was ended as ${end.state}`} by another process.`,
            state: endedState(end.state) ?? state,
          }
        );
      default:
        return undefined;
    }
  }

  #summary(state: BackfillSummary['state']): BackfillSummary {
    const { timers, job } = this.#parts;
    return summarize({
      job,
      head: this.#head,
      state,
      chunks: this.#worker.meter.chunks,
      rows: this.#worker.meter.rows,
      durationMs: timers.now() - this.#startedAt,
      remaining: this.#remaining,
      notes: this.#notes,
    });
  }
}

function endedState(state: LedgerHead['state']): string | undefined {
  if (state === 'undone') return 'What it had done was put back.';
  return state === 'undoing' ? 'What it had done is being put back.' : undefined;
}

function stateOf(end: WorkEnd): BackfillSummary['state'] {
  switch (end.type) {
    case 'done':
      return 'complete';
    case 'drained':
      return 'stopped';
    case 'ended':
      return end.state === 'running' || end.state === 'paused' ? 'stopped' : end.state;
    default:
      return end.type;
  }
}

/**
 * Works on a ledger that somebody else began, for at most so many chunks: what a queue's
 * job does. It neither begins nor ends the ledger; `done` says that somebody should.
 */
export async function drainBackfill(parts: WorkParts, chunks: number): Promise<WorkEnd> {
  const { backfills, job } = parts;
  const head = await backfills.head(job.ledger);
  if (head === undefined) {
    throw new GodwitError('GODWIT_BACKFILL_UNKNOWN', `No backfill ${job.name} was begun.`);
  }
  if (head.definition !== job.definition) {
    throw new GodwitError(
      'GODWIT_BACKFILL_CHANGED',
      `The backfill ${job.name} was begun with another definition than this worker has.`,
      { next: ['deploy the same code to all workers'] },
    );
  }
  if (head.state !== 'running' && head.state !== 'paused')
    return { type: 'ended', state: head.state };
  return new BackfillWorker(parts, head, undefined).run(chunks);
}
