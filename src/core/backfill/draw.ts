import type { ReadRow, RowChange } from '../../ports/backfill-job.ts';
import type { Transform, TransformAnswer, TransformBatch } from '../../ports/backfill-spec.ts';
import type { Timers } from '../../ports/clock.ts';
import { rowError, toRowChange } from './row-change.ts';

/**
 * Works out the changes of some rows, in their order. A row for which that fails is
 * `poison`; only what has nothing to do with rows (a worker that cannot start) is thrown.
 */
export type Draw = (rows: readonly ReadRow[], signal: AbortSignal) => Promise<RowChange[]>;

/** The main thread is left to others after this long. */
const SLICE_MS = 20;

/** Row by row on this thread. */
export function drawEach(transform: Transform, timers: Timers): Draw {
  return async (rows, signal) => {
    const changes: RowChange[] = [];
    let since = timers.now();
    for (const read of rows) {
      try {
        const answer = transform(read.row);
        changes.push(toRowChange(isPromise(answer) ? await answer : answer, read));
      } catch (thrown) {
        changes.push({ type: 'poison', error: rowError(thrown) });
      }
      if (timers.now() - since < SLICE_MS) continue;
      await timers.breathe();
      signal.throwIfAborted();
      since = timers.now();
    }
    return changes;
  };
}

/**
 * Many rows with one call. When a call fails its rows are halved until the one that is to
 * blame stands alone; what the other calls returned is kept.
 */
export function drawBatch(transform: TransformBatch): Draw {
  const draw = async (rows: readonly ReadRow[], signal: AbortSignal): Promise<RowChange[]> => {
    if (rows.length === 0) return [];
    signal.throwIfAborted();
    let answers: readonly TransformAnswer[];
    try {
      answers = await transform(rows.map(({ row }) => row));
      checkAnswers(answers, rows.length);
    } catch (thrown) {
      if (rows.length === 1) return [{ type: 'poison', error: rowError(thrown) }];
      const half = Math.ceil(rows.length / 2);
      const first = await draw(rows.slice(0, half), signal);
      return [...first, ...(await draw(rows.slice(half), signal))];
    }
    return rows.map((read, index) => change(answers[index], read));
  };
  return draw;
}

function change(answer: TransformAnswer, read: ReadRow): RowChange {
  try {
    return toRowChange(answer, read);
  } catch (thrown) {
    return { type: 'poison', error: rowError(thrown) };
  }
}

function checkAnswers(answers: unknown, rows: number): void {
  if (Array.isArray(answers) && answers.length === rows) return;
  const found = Array.isArray(answers) ? `${answers.length} answers` : 'no list';
  throw new TypeError(`transformBatch was given ${rows} rows and returned ${found}.`);
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
