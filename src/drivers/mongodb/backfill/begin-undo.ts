import type { ClientSession, Document } from 'mongodb';
import { busy, nothingKept } from '../../../core/backfill/refuse-undo.ts';
import type { WorkerReport } from '../../../ports/backfill-ledger.ts';
import { identifyProcess } from '../process-identity.ts';
import type { LedgerDocument } from './documents.ts';
import { endSession, isGone } from './gone.ts';
import { type Parts, SURE, unknownLedger } from './parts.ts';
import { readProgress } from './progress.ts';
import { barLast, takeAll } from './take-all.ts';

type Present = LedgerDocument & { readonly now: Date };

/**
 * From here on nobody works on the ledger but who undoes it.
 *
 * @param session what the undoing happens in: kept, so that a successor can end it
 */
export async function beginUndo(
  parts: Parts,
  ledger: string,
  worker: WorkerReport,
  session: ClientSession | undefined,
): Promise<LedgerDocument> {
  for (;;) {
    const [found] = await parts.ledgers
      .aggregate<Present>([{ $match: { _id: ledger } }, { $set: { now: '$$NOW' } }])
      .toArray();
    if (found === undefined) throw unknownLedger(ledger);
    const alive = found.workers.filter(
      ({ id, process, heartbeatAt }) =>
        id !== worker.id && !isGone(process, heartbeatAt.getTime(), found.now),
    );
    const open = found.state === 'running' || found.state === 'undoing';
    if (open && alive.length > 0) throw busy(found.name, found.state, alive);
    if (found.state === 'undoing') await endSession(parts, found.undoSession);
    else await refuseUnkept(parts, found);
    const begun = await turn(parts, found, worker, session);
    if (begun === undefined) continue;
    await barLast(parts, begun);
    await takeAll(parts, begun, found.workers);
    return begun;
  }
}

async function refuseUnkept(parts: Parts, found: LedgerDocument): Promise<void> {
  if (found.state === 'undone') return;
  const { changed, deleted } = await readProgress(parts, found);
  if (changed + deleted === 0) return;
  const generation = { $gte: found.undoFrom };
  const kept = await parts.touched.findOne({ ledger: found._id, generation });
  if (kept === null) throw nothingKept(found.name);
}

/** Undefined when it is not as it was looked at any more. */
async function turn(
  parts: Parts,
  { _id, generation, state, workers }: LedgerDocument,
  { id, by }: WorkerReport,
  session: ClientSession | undefined,
): Promise<LedgerDocument | undefined> {
  const identity = identifyProcess();
  const self = { id, by, ...(identity && { process: identity }), rows: 0 };
  // None but those that were looked at: of two that begin at once one comes first.
  const known = { $nin: workers.map((worker) => worker.id) };
  const begun = await parts.ledgers.findOneAndUpdate(
    { _id, generation, state, workers: { $not: { $elemMatch: { id: known } } } },
    [
      {
        $set: {
          state: 'undoing',
          control: { $literal: {} },
          workers: [{ $mergeObjects: [{ $literal: self }, { heartbeatAt: '$$NOW' }] }],
          undoneBy: { $literal: id },
          undoSession: { $literal: session?.id?.id ?? null },
        },
      },
      { $unset: ['endedAt', 'error'] },
    ] as Document[],
    { returnDocument: 'after', includeResultMetadata: false, ...SURE },
  );
  return (begun as LedgerDocument | null) ?? undefined;
}

/** A session that is given back may be anybody's next: no successor shall end it. */
export async function leaveUndo(parts: Parts, ledger: string, worker: string): Promise<void> {
  const mine = { _id: ledger, undoneBy: worker };
  await parts.ledgers.updateOne(mine, { $unset: { undoSession: 1 } }).catch(() => undefined);
}
