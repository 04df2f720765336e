import type { BackfillJob } from '../../ports/backfill-job.ts';
import type { LedgerHead } from '../../ports/backfill-ledger.ts';
import type { BackfillSummary } from '../../ports/backfill-spec.ts';
import type { Durations } from './durations.ts';

export interface SummaryParts {
  readonly job: BackfillJob;
  readonly head: LedgerHead;
  readonly state: BackfillSummary['state'];
  readonly chunks: Durations;
  readonly durationMs: number;
  /** Rows that this run worked on. */
  readonly rows: number;
  readonly remaining?: BackfillSummary['remaining'];
  readonly notes: readonly string[];
}

/** The ledger's counts, and the times that this process measured. */
export function summarize(parts: SummaryParts): BackfillSummary {
  const { job, head, state, chunks, durationMs, remaining, notes } = parts;
  const { progress } = head;
  return {
    name: job.name,
    ledger: job.ledger,
    target: job.target,
    state,
    generation: head.generation,
    guarantee: head.guarantee,
    rows: progress.rows,
    changed: progress.changed,
    deleted: progress.deleted,
    conflicts: progress.conflicts,
    poisoned: progress.poisoned,
    retries: progress.retries,
    chunks: progress.chunksDone,
    sweeps: head.sweep,
    chunkMs: { p50: chunks.quantile(0.5), p95: chunks.quantile(0.95) },
    rowsPerSecond: durationMs > 0 ? Math.round((parts.rows * 1000) / durationMs) : 0,
    durationMs: Math.round(durationMs),
    ...(remaining && { remaining }),
    notes,
  };
}

/** Of one that was complete before: what was kept then. */
export function storedSummary(job: BackfillJob, head: LedgerHead): BackfillSummary {
  const durationMs = head.endedAt ? head.endedAt.getTime() - head.startedAt.getTime() : 0;
  const now = summarize({
    job,
    head,
    state: head.state === 'running' || head.state === 'paused' ? 'stopped' : head.state,
    chunks: { quantile: () => 0 } as unknown as Durations,
    durationMs,
    rows: head.progress.rows,
    notes: [],
  });
  return { ...now, ...(head.summary as Partial<BackfillSummary> | undefined), state: now.state };
}
