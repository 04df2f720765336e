import type { Collection, Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';

/** Documents that a validator would refuse. */
export interface Violations {
  /** Counted up to `counted`: 1,000 says "at least". */
  readonly count: number;
  readonly more: boolean;
  /** The first ones. */
  readonly ids: readonly unknown[];
}

const COUNTED = 1000;

/** @param validator what a collection's option of that name is */
export async function findViolations(
  collection: Collection<Document>,
  validator: Document,
  sample: number,
): Promise<Violations> {
  const filter = { $nor: [validator] };
  const ids = await collection
    .find(filter, { projection: { _id: 1 } })
    .limit(sample)
    .toArray();
  if (ids.length < sample) {
    return { count: ids.length, more: false, ids: ids.map(({ _id }) => _id) };
  }
  const count = await collection.countDocuments(filter, { limit: COUNTED });
  return { count, more: count >= COUNTED, ids: ids.map(({ _id }) => _id) };
}

/** @throws GodwitError GODWIT_VALIDATOR_VIOLATED that lists them, when there are any */
export function refuseViolations(name: string, violations: Violations, state: string): void {
  const { count, more, ids } = violations;
  if (count === 0) return;
  const list = ids.map((id) => JSON.stringify(id)).join(', ');
  const rest = count > ids.length ? ', …' : '';
  throw new GodwitError(
    'GODWIT_VALIDATOR_VIOLATED',
    `${more ? 'At least ' : ''}${count} document(s) of ${name} do not fit the validator: _id ${list}${rest}.`,
    {
      state,
      next: [
        'mend them in a migration before this one, then: godwit up',
        'or let it mend them in chunks: tightenValidator',
      ],
    },
  );
}
