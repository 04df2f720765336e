import type { Document } from 'mongodb';
import type { BackfillJob, RowChange } from '../../../ports/backfill-job.ts';
import { toUpdate } from './change.ts';
import { keyOf } from './keys.ts';
import type { KeyShape } from './ranges.ts';

/**
 * The key's field that a change would write. A row that gets another key moves along the
 * index, and would be met again, or never.
 *
 * @param native the row's key as it is; a value that stays as it was is no change
 */
export function keyFieldOf(
  { fields, text }: KeyShape,
  native: readonly unknown[],
  change: RowChange,
): string | undefined {
  if (change.type !== 'set') return undefined;
  return fields.find((field, index) => {
    if ((change.unset ?? []).some((name) => overlaps(name, field))) return true;
    return Object.entries(change.values).some(([name, value]) => {
      if (!overlaps(name, field)) return false;
      if (name.length > field.length) return true;
      const [after] = keyOf({ [name]: value }, [field]);
      return text(after) !== text(native[index]);
    });
  });
}

/** The same of what the database computes, as far as its text tells. */
export function keyFieldInSet(job: BackfillJob, fields: readonly string[]): string | undefined {
  const update = toUpdate(job);
  const stages = Array.isArray(update) ? update : [update];
  const written = stages.flatMap((stage) =>
    Object.entries(stage).flatMap(([operator, operand]) => namesOf(operator, operand)),
  );
  const found = fields.find((field) => written.some((name) => overlaps(name, field)));
  // The server itself keeps _id, or refuses. Of other keys nobody would.
  return (
    found ?? fields.find((field) => field !== '_id' && stages.some((one) => drops(one, field)))
  );
}

/** Whether what a stage makes of the whole document may lack the field, or hold another value. */
function drops(stage: Document, field: string): boolean {
  if ('$replaceRoot' in stage || '$replaceWith' in stage) return true;
  const projection = stage['$project'] as Document | undefined;
  if (projection === undefined) return false;
  const isKept = (value: unknown): boolean => value === true || Number(value) === 1;
  if (field in projection) return !isKept(projection[field]);
  const others = Object.entries(projection).filter(([name]) => name !== '_id');
  const excludes = others.every(([, value]) => value === false || Number(value) === 0);
  return !excludes || others.some(([name]) => overlaps(name, field));
}

function namesOf(operator: string, operand: unknown): readonly string[] {
  if (operator === '$unset' && typeof operand === 'string') return [operand];
  if (operator === '$unset' && Array.isArray(operand)) return operand.map(String);
  // What becomes of the whole document is looked at apart.
  if (/^\$(project|replaceRoot|replaceWith)$/.test(operator)) return [];
  return typeof operand === 'object' && operand !== null ? Object.keys(operand) : [];
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
