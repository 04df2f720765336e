import type { ErrorInfo } from '../../errors.ts';
import type { ReadRow, RowChange } from '../../ports/backfill-job.ts';
import type { TransformAnswer } from '../../ports/backfill-spec.ts';

const NONE: RowChange = { type: 'none' };

/**
 * What a transform's answer means for the row it was given. Fields that it hands back as
 * they were (`{ ...row, phone }`) are no change.
 *
 * @throws Error when it is no answer: the row is then treated as one that failed
 */
export function toRowChange(answer: TransformAnswer, read: Pick<ReadRow, 'row'>): RowChange {
  if (answer === undefined || answer === null) return NONE;
  if (typeof answer !== 'object' || Array.isArray(answer)) {
    throw new TypeError(
      `The transform returned ${describe(answer)}; an object of fields, { $delete: true } or undefined was expected.`,
    );
  }
  const given = answer as Readonly<Record<string, unknown>>;
  if (given['$delete'] === true) return { type: 'delete' };
  const operators = Object.keys(given).filter((name) => name.startsWith('$'));
  const unknown = operators.find((name) => name !== '$set' && name !== '$unset');
  if (unknown !== undefined) {
    throw new TypeError(
      `The transform returned ${unknown}: only $set, $unset and $delete are known.`,
    );
  }
  if (operators.length === 0) return setChange(given, [], read);
  if (operators.length < Object.keys(given).length) {
    throw new TypeError('The transform returned fields beside $set or $unset.');
  }
  const unset = given['$unset'] ?? [];
  const names = Array.isArray(unset) ? unset.map(String) : Object.keys(unset as object);
  return setChange((given['$set'] ?? {}) as Record<string, unknown>, names, read);
}

function setChange(
  given: Readonly<Record<string, unknown>>,
  unset: readonly string[],
  { row }: Pick<ReadRow, 'row'>,
): RowChange {
  const values: Record<string, unknown> = {};
  let changed = unset.length > 0;
  for (const [name, value] of Object.entries(given)) {
    if (value === row[name] && (value !== undefined || name in row)) continue;
    if (value === undefined) {
      throw new TypeError(`The transform returned undefined for ${name}: use null, or $unset.`);
    }
    values[name] = value;
    changed = true;
  }
  if (!changed) return NONE;
  return { type: 'set', values, ...(unset.length > 0 && { unset }) };
}

/** The row as the change would leave it, for people to look at. */
export function previewChange(
  { row }: ReadRow,
  change: RowChange,
): Readonly<Record<string, unknown>> | undefined {
  if (change.type === 'delete') return undefined;
  if (change.type !== 'set') return row;
  const after: Record<string, unknown> = { ...row, ...change.values };
  for (const name of change.unset ?? []) delete after[name];
  return after;
}

/** A transform did not answer for this row in time. */
export function lateError({ key }: ReadRow, limitMs: number): ErrorInfo {
  const row = JSON.stringify(key.length === 1 ? key[0] : key, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return {
    code: 'GODWIT_BACKFILL_TIMEOUT',
    message: `The transform did not return within ${limitMs} ms for the row ${row}.`,
  };
}

/** Why a row is set aside. */
export function rowError(thrown: unknown): ErrorInfo {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'GODWIT_BACKFILL_FAILED', message };
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list' : `the ${typeof value} ${String(value).slice(0, 50)}`;
}
