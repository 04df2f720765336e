import type { Document } from 'mongodb';
import type { ApplyCall, SyncOperation, SyncStep } from '../../../ports/definition.ts';
import { SERVER_CODE, serverCode } from '../errors.ts';
import type { Lease } from '../lease.ts';
import { MAJORITY, type Store } from '../store.ts';
import { buildIndex } from './build-index.ts';
import { hiddenName } from './read.ts';

export interface Applying extends ApplyCall {
  readonly store: Store;
  readonly lease: Lease;
  /** Of godwit's own collections. */
  readonly prefix: string;
  readonly operation: SyncOperation;
}

/** As `collMod` of a unique index that documents are in the way of answers. */
const CANNOT_CONVERT = 359;

/** Does an operation's steps; each may have been done before. */
export async function applyOperation(applying: Applying): Promise<void> {
  const { operation, lease } = applying;
  for (const step of operation.steps) {
    lease.check();
    try {
      await applyStep(applying, step);
    } catch (error) {
      if (serverCode(error) === CANNOT_CONVERT) await stopPreparing(applying, step);
      throw error;
    }
  }
}

async function applyStep(applying: Applying, step: SyncStep): Promise<void> {
  const { store, operation, prefix } = applying;
  const { collection } = operation;
  const { db } = store;
  const hidden = db.collection<Document & { _id: string }>(hiddenName(prefix), {
    writeConcern: MAJORITY,
  });
  const writeConcern = { w: 'majority' as const };
  switch (step.do) {
    case 'createCollection':
      await ignoring([SERVER_CODE.namespaceExists], () =>
        db.command({ create: collection, ...step.options, writeConcern }),
      );
      return;
    case 'collMod':
      await db.command({ collMod: collection, ...step.change, writeConcern });
      return;
    case 'createIndex':
      await buildIndex(applying, step.index);
      return;
    case 'dropIndex':
      await ignoring([SERVER_CODE.namespaceNotFound, INDEX_NOT_FOUND], () =>
        db.command({ dropIndexes: collection, index: step.name, writeConcern }),
      );
      return;
    case 'dropCollection':
      await ignoring([SERVER_CODE.namespaceNotFound], () =>
        db.command({ drop: collection, writeConcern }),
      );
      return;
    case 'rememberHidden':
      await hidden.updateOne(
        { _id: `${collection}.${step.name}` },
        // Hidden again after it was shown: its time begins anew.
        [{ $set: { collection, index: step.name, since: '$$NOW' } }],
        { upsert: true },
      );
      return;
    case 'forgetHidden':
      await hidden.deleteOne({ _id: `${collection}.${step.name}` });
  }
}

const INDEX_NOT_FOUND = 27;

/** What was done by an attempt that was killed. */
async function ignoring(codes: readonly number[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!codes.includes(serverCode(error) ?? 0)) throw error;
  }
}

/** An index that could not be made unique must not go on refusing new duplicates. */
async function stopPreparing({ store, operation }: Applying, step: SyncStep): Promise<void> {
  if (step.do !== 'collMod') return;
  const { name } = (step.change['index'] ?? {}) as { name?: string };
  const index = { name, prepareUnique: false };
  await store.db.command({ collMod: operation.collection, index }).catch(() => {});
}
