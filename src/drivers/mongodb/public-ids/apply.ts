import type { Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import type { PublicIdCall, PublicIdStep } from '../../../ports/public-ids.ts';
import type { Lease } from '../lease.ts';
import type { Store } from '../store.ts';
import { type CollectionOptions, inspect, readCollection } from './inspect.ts';

const SHOWN = 5;

/** One step; what is there already is left. */
export async function applyPublicIds(
  { store, lease }: { readonly store: Store; readonly lease: Lease },
  step: PublicIdStep,
  call: PublicIdCall,
): Promise<void> {
  lease.check();
  const now = await inspect(store, call.column);
  if (now.found !== 'ready') return;
  if (step === 'unique' && !now.unique) await buildIndex(store, call);
  if (step === 'form' && !now.formed) await addValidator(store, call);
}

/** Documents without an id are left out of it: they get theirs later. */
async function buildIndex(store: Store, call: PublicIdCall): Promise<void> {
  const { table, column } = call.column;
  await refuseDuplicates(store, call);
  await store.db.command({
    createIndexes: table,
    indexes: [
      {
        key: { [column]: 1 },
        name: `${column}_unique`,
        unique: true,
        partialFilterExpression: { [column]: { $type: 'string' } },
      },
    ],
    writeConcern: { w: 'majority' },
  });
}

async function refuseDuplicates(store: Store, call: PublicIdCall): Promise<void> {
  const { table, column } = call.column;
  const found = await store.db
    .collection(table)
    .aggregate<{ _id: unknown; n: number }>(
      [
        { $match: { [column]: { $type: 'string' } } },
        { $group: { _id: `$${column}`, n: { $sum: 1 } } },
        { $match: { n: { $gt: 1 } } },
        { $limit: SHOWN },
      ],
      { allowDiskUse: true },
    )
    .toArray();
  if (found.length === 0) return;
  const values = found.map(({ _id, n }) => `${String(_id)} (${n} documents)`);
  throw conflict(call, 'is there more than once', values);
}

/** Beside the validator that there is, which goes on holding. */
async function addValidator(store: Store, call: PublicIdCall): Promise<void> {
  const { table, column } = call.column;
  const schema: Document = {
    $jsonSchema: {
      required: [column],
      properties: { [column]: { bsonType: 'string', pattern: call.pattern } },
    },
  };
  const wrong = await store.db
    .collection(table)
    .find({ $nor: [schema] }, { limit: SHOWN, projection: { [column]: 1 } })
    .toArray();
  if (wrong.length > 0) {
    const values = wrong.map((one) => `${String(one[column] ?? 'none')} of ${String(one._id)}`);
    throw conflict(call, `has not the form ${call.pattern}`, values);
  }
  const options: CollectionOptions = (await readCollection(store, table))?.options ?? {};
  const { validator, validationLevel, validationAction } = options;
  const empty = validator === undefined || Object.keys(validator).length === 0;
  await store.db.command({
    collMod: table,
    validator: empty ? schema : { $and: [validator, schema] },
    ...(!empty && validationLevel !== undefined && { validationLevel }),
    ...(!empty && validationAction !== undefined && { validationAction }),
    writeConcern: { w: 'majority' },
  });
}

function conflict({ column }: PublicIdCall, what: string, values: readonly string[]): GodwitError {
  return new GodwitError(
    'GODWIT_PUBLIC_ID_CONFLICT',
    `What stands in ${column.table}.${column.column} ${what}: ${values.join(', ')}.`,
    {
      state: 'No document was changed for it.',
      next: ['look at them: godwit validate', 'once they are mended: godwit backfill public-ids'],
    },
  );
}
