import type { ReadRow, RowChange } from '../../ports/backfill-job.ts';
import type { Transform, TransformAnswer, TransformBatch } from '../../ports/backfill-spec.ts';
import type { Timers } from '../../ports/clock.ts';
import { lateError, rowError, toRowChange } from './row-change.ts';

/**
 * Works out the changes of some rows, in their order. A row for which that fails is
 * `poison`; only what has nothing to do with rows (a worker that cannot start) is thrown.
 */
export type Draw = (rows: readonly ReadRow[], signal: AbortSignal) => Promise<RowChange[]>;

/** The main thread is left to others after this long. */
const SLICE_MS = 20;

/** Row by row on this thread. */
/** @param limitMs how long one call may take, where it is async */
export function drawEach(transform: Transform, timers: Timers, limitMs?: number): Draw {
  return async (rows, signal) => {
    const changes: RowChange[] = [];
    let since = timers.now();
    for (const read of rows) {
      try {
        const { row } = read;
        const answer = transform(row);
        const given = isPromise(answer) ? await inTime(answer, timers, limitMs) : answer;
        changes.push(
          given === LATE
            ? { type: 'poison', error: lateError(read, limitMs ?? 0) }
            : toRowChange(given, { row }),
        );
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
export function drawBatch(transform: TransformBatch, timers: Timers, limitMs?: number): Draw {
  const draw = async (rows: readonly ReadRow[], signal: AbortSignal): Promise<RowChange[]> => {
    if (rows.length === 0) return [];
    signal.throwIfAborted();
    let answers: readonly TransformAnswer[];
    const before = rows.map(({ row }) => row);
    try {
      const given = transform(before);
      const found = isPromise(given) ? await inTime(given, timers, limitMs) : given;
      if (found === LATE) throw new Late();
      answers = found;
      checkAnswers(answers, rows.length);
    } catch (thrown) {
      const [first, second] = rows;
      if (first && !second) {
        const late = thrown instanceof Late;
        return [
          { type: 'poison', error: late ? lateError(first, limitMs ?? 0) : rowError(thrown) },
        ];
      }
      const half = Math.ceil(rows.length / 2);
      const upper = await draw(rows.slice(0, half), signal);
      return [...upper, ...(await draw(rows.slice(half), signal))];
    }
    return before.map((row, index) => change(answers[index], { row }));
  };
  return draw;
}

function change(answer: TransformAnswer, read: Pick<ReadRow, 'row'>): RowChange {
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

const LATE = Symbol('late');
class Late extends Error {}

/** Promises only: nothing here can end a function that does not yield. */
async function inTime<T>(
  answer: Promise<T>,
  timers: Timers,
  limitMs: number | undefined,
): Promise<T | typeof LATE> {
  if (limitMs === undefined) return answer;
  const end = new AbortController();
  answer.catch(() => undefined);
  const late = timers.sleep(limitMs, end.signal).then((): typeof LATE => LATE);
  return Promise.race([answer, late]).finally(() => end.abort());
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
