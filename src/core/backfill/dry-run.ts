import type { BackfillInspection, Backfills } from '../../ports/backfill.ts';
import type { BackfillJob, ReadRow } from '../../ports/backfill-job.ts';
import type { Timers } from '../../ports/clock.ts';
import type { Draw } from './draw.ts';
import { previewChange } from './row-change.ts';

const SAMPLE = 100;
const SHOWN = 5;
/** What writing a row costs about where nothing was measured yet, in ms. */
const WRITE_MS = 0.05;

export interface SampledRow {
  readonly key: readonly unknown[];
  readonly change: 'set' | 'none' | 'delete' | 'error';
  readonly before: Readonly<Record<string, unknown>>;
  /** Absent for a row that would be deleted or failed. */
  readonly after?: Readonly<Record<string, unknown>> | undefined;
  readonly error?: string | undefined;
}

/** What a backfill would do. Nothing was written. */
export interface DryRun {
  readonly name: string;
  readonly target: string;
  readonly key: readonly string[];
  /** Rows that match; an estimate unless `exact`. */
  readonly total: number;
  readonly exact: boolean;
  readonly guarantee: BackfillInspection['guarantee'];
  readonly notes: readonly string[];
  /** How many rows were looked at, and what would become of them. */
  readonly sampled: Readonly<Record<SampledRow['change'] | 'rows', number>>;
  /** Rows that would change, as the sample suggests. */
  readonly wouldChange: number;
  /** A rough guess, in ms. */
  readonly estimateMs: number;
  /** What the guess rests on. */
  readonly estimateFrom: string;
  readonly sample: readonly SampledRow[];
}

export interface DryParts {
  readonly backfills: Backfills;
  readonly job: BackfillJob;
  readonly draw?: Draw | undefined;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Threads that a transform runs in. */
  readonly threads: number;
}

/** Reads a sample and works out what would be done. Writes nothing. */
export async function dryRun(parts: DryParts): Promise<DryRun> {
  const { backfills, job, draw, timers, signal } = parts;
  const inspection = await backfills.inspect(job);
  const rows = await backfills.sample(job, SAMPLE);
  const since = timers.now();
  const sample = draw
    ? await drawSample(
        draw,
        rows.map(({ before }) => before),
        signal,
      )
    : rows.map(({ before, after }) => sampledByDatabase(job, before, after));
  const drawMs = draw ? (timers.now() - since) / Math.max(rows.length, 1) / parts.threads : 0;
  const sampled = countChanges(sample);
  const part = rows.length > 0 ? 1 - sampled.none / rows.length : 0;
  const { total, exact, guarantee, notes, key } = inspection;
  return {
    name: job.name,
    target: job.target,
    key,
    total,
    exact,
    guarantee,
    notes,
    sampled,
    wouldChange: Math.round(total * part),
    ...(await estimate(parts, total, drawMs, rows.length)),
    sample: sample.slice(0, SHOWN),
  };
}

async function drawSample(
  draw: Draw,
  rows: readonly ReadRow[],
  signal: AbortSignal,
): Promise<SampledRow[]> {
  const changes = await draw(rows, signal);
  return rows.map((read, index): SampledRow => {
    const change = changes[index] ?? { type: 'none' };
    const { key, row: before } = read;
    if (change.type === 'poison') {
      return { key, change: 'error', before, error: change.error.message };
    }
    const after = previewChange(read, change);
    return { key, change: change.type, before, ...(after && { after }) };
  });
}

function sampledByDatabase(
  job: BackfillJob,
  { key, row: before }: ReadRow,
  after: SampledRow['after'],
): SampledRow {
  if (after) return { key, change: 'set', before, after };
  const deletes = job.change.type === 'sql' && /^\s*delete\b/i.test(job.change.sql);
  return { key, change: deletes ? 'delete' : 'set', before };
}

function countChanges(sample: readonly SampledRow[]): DryRun['sampled'] {
  const count = (change: SampledRow['change']) =>
    sample.filter((row) => row.change === change).length;
  return {
    rows: sample.length,
    set: count('set'),
    none: count('none'),
    delete: count('delete'),
    error: count('error'),
  };
}

async function estimate(
  { backfills, job }: DryParts,
  total: number,
  drawMs: number,
  rows: number,
): Promise<Pick<DryRun, 'estimateMs' | 'estimateFrom'>> {
  const head = await backfills.head(job.ledger).catch(() => undefined);
  const rate = Number(head?.summary?.['rowsPerSecond'] ?? 0);
  if (rate > 0 && head?.definition === job.definition) {
    return {
      estimateMs: Math.round((total / rate) * 1000),
      estimateFrom: 'how fast it was the last time',
    };
  }
  const measured = drawMs > 0 ? `the transform as measured on ${rows} rows, and ` : '';
  return {
    estimateMs: Math.round(total * Math.max(drawMs, WRITE_MS)),
    estimateFrom: `${measured}${WRITE_MS * 1000} µs to write a row, which is a guess`,
  };
}
