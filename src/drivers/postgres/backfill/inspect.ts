import { GodwitError } from '../../../errors.ts';
import type { BackfillInspection } from '../../../ports/backfill.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { isServerError, sqlState } from '../connection.ts';
import { messageOf } from '../errors.ts';
import { setStatement, sqlStatement } from './change-sql.ts';
import { filterCondition } from './key-sql.ts';
import type { Place } from './place.ts';
import { invalid, type Target } from './target.ts';

/** Counting is given this long, in ms; then the planner's guess has to do. */
const COUNT_MS = 1_500;
/** A table that is larger is not counted at all without a filter. */
const COUNTED_ROWS = 100_000;
/** What was found stays true for as long as it takes to begin. */
const FRESH_MS = 30_000;

const inspected = new WeakMap<
  BackfillJob,
  { readonly at: number; readonly found: BackfillInspection }
>();

/** What was just found, without asking again. */
export async function inspectOnce(place: Place, job: BackfillJob): Promise<BackfillInspection> {
  const known = inspected.get(job);
  return known && performance.now() - known.at < FRESH_MS ? known.found : inspect(place, job);
}

export async function inspect(place: Place, job: BackfillJob): Promise<BackfillInspection> {
  const target = await place.target(job);
  const estimate = await tryPlan(place, job, target);
  const count = await countQuickly(place, job, target);
  const found: BackfillInspection = {
    key: target.key.map(({ name }) => name),
    total: count ?? estimate,
    exact: count !== undefined,
    guarantee: 'exactly-once',
    notes: target.notes,
    growingKey: target.growing,
    rowBytes: target.rowBytes,
  };
  inspected.set(job, { at: performance.now(), found });
  return found;
}

/**
 * Has the server plan what will be sent, which finds what is wrong with it.
 *
 * @returns about how many rows match
 */
async function tryPlan(place: Place, job: BackfillJob, target: Target): Promise<number> {
  const statement =
    job.change.type === 'set'
      ? setStatement(job, target, 'true')
      : job.change.type === 'sql'
        ? `${sqlStatement(job, target, () => 'true').text}\nreturning 1`
        : undefined;
  const select = `select 1 from ${target.table} where ${filterCondition(job.filter)}`;
  try {
    const [guess] = await place.pool.run(
      `explain (format json) ${select}${statement === undefined ? '' : `;explain ${statement}`}`,
    );
    const plan = JSON.parse(guess?.rows[0]?.[0] ?? '[]') as { Plan?: { 'Plan Rows'?: number } }[];
    const rows = Math.round(plan[0]?.Plan?.['Plan Rows'] ?? 0);
    return job.filter === undefined && target.estimate >= 0 ? Math.round(target.estimate) : rows;
  } catch (error) {
    if (!isServerError(error) || !/^(42|22|0A|21|2F)/.test(error.code)) throw error;
    throw refused(job, error);
  }
}

function refused(job: BackfillJob, error: unknown): GodwitError {
  const message = isServerError(error) ? messageOf(error) : String(error);
  if (sqlState(error) === '42501') {
    return new GodwitError('GODWIT_PERMISSION_DENIED', message, { state: 'Nothing was changed.' });
  }
  return invalid(job, `the server refuses it: ${message}`, [
    'correct filter, set or sql of the backfill',
  ]);
}

async function countQuickly(
  place: Place,
  job: BackfillJob,
  target: Target,
): Promise<number | undefined> {
  if (job.filter === undefined && target.estimate > COUNTED_ROWS) return undefined;
  try {
    const [result] = await place.pool.run(
      `select count(*) from ${target.table} where ${filterCondition(job.filter)}`,
      { lockMs: COUNT_MS, statementMs: COUNT_MS },
    );
    return Number(result?.rows[0]?.[0]);
  } catch (error) {
    if (['57014', '55P03'].includes(sqlState(error) ?? '')) return undefined;
    // A row that the filter cannot be asked about is met again, and set aside, in its chunk.
    if (/^22/.test(sqlState(error) ?? '')) return undefined;
    throw error;
  }
}
