import type { Document } from 'mongodb';
import type { KeyValue } from '../../../ports/backfill-job.ts';
import type {
  BackfillControl,
  HeartbeatAnswer,
  LedgerHead,
  LedgerState,
  WorkerReport,
} from '../../../ports/backfill-ledger.ts';
import { identifyProcess } from '../process-identity.ts';
import type { LedgerDocument } from './documents.ts';
import { ABANDONED_MS, isDead } from './gone.ts';
import { type Parts, toNumber, unknownLedger } from './parts.ts';
import { fold, readProgress } from './progress.ts';

const FORGOTTEN_MS = 600_000;

export async function readHead(parts: Parts, ledger: string): Promise<LedgerHead | undefined> {
  const found = await parts.ledgers.findOne({ _id: ledger });
  return found === null ? undefined : toHead(parts, found);
}

export async function listHeads(parts: Parts): Promise<LedgerHead[]> {
  const found = await parts.ledgers.find({}).sort({ startedAt: 1, _id: 1 }).toArray();
  return Promise.all(found.map((one) => toHead(parts, one)));
}

export async function toHead(parts: Parts, found: LedgerDocument): Promise<LedgerHead> {
  const bound = found.order === 'ascending' ? found.top : found.bottom;
  return {
    ledger: found._id,
    name: found.name,
    target: found.target,
    generation: found.generation,
    sweep: found.sweep,
    state: stateOf(found),
    definition: found.definition,
    guarantee: found.guarantee,
    ...(bound && { bound: JSON.parse(bound) as KeyValue }),
    total: toNumber(found.total),
    exact: found.exact,
    progress: await readProgress(parts, found),
    control: found.control,
    workers: found.workers
      .filter(({ process }) => !isDead(process))
      .map(({ id, by, heartbeatAt, rows }) => ({ id, by, heartbeatAt, rows })),
    startedAt: found.startedAt,
    ...(found.endedAt && { endedAt: found.endedAt }),
    ...(found.error && { error: found.error }),
    ...(found.summary && { summary: found.summary }),
  };
}

export function stateOf({ state, control }: LedgerDocument): LedgerState {
  return state === 'running' && control.paused ? 'paused' : state;
}

/** One command registers the worker and answers what others asked for. */
export async function beat(
  parts: Parts,
  ledger: string,
  worker: WorkerReport,
): Promise<HeartbeatAnswer> {
  const identity = identifyProcess();
  const self: Document = {
    id: { $literal: worker.id },
    by: { $literal: worker.by },
    ...(identity && { process: { $literal: identity } }),
    rows: worker.rows,
    heartbeatAt: '$$NOW',
  };
  const after = (await parts.ledgers.findOneAndUpdate(
    { _id: ledger },
    [{ $set: { workers: { $concatArrays: [others(worker.id, FORGOTTEN_MS), [self]] } } }],
    { returnDocument: 'after', includeResultMetadata: false },
  )) as LedgerDocument | null;
  if (after === null) throw unknownLedger(ledger);
  const progress = await readProgress(parts, after);
  await fold(parts, after).catch(() => {});
  const now = after.workers.at(-1)?.heartbeatAt.getTime() ?? 0;
  return {
    state: stateOf(after),
    generation: after.generation,
    sweep: after.sweep,
    control: after.control,
    progress,
    workers: after.workers.filter(({ heartbeatAt }) => now - heartbeatAt.getTime() < ABANDONED_MS)
      .length,
  };
}

/** Workers but one, those not heard of for long left out. */
function others(id: string, forgottenMs: number): Document {
  const known = { $gt: ['$$w.heartbeatAt', { $subtract: ['$$NOW', forgottenMs] }] };
  return {
    $filter: {
      input: { $ifNull: ['$workers', []] },
      as: 'w',
      cond: { $and: [{ $ne: ['$$w.id', { $literal: id }] }, known] },
    },
  };
}

export async function changeControl(
  parts: Parts,
  ledger: string,
  change: BackfillControl,
): Promise<boolean> {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  const set = Object.fromEntries(fields.map(([name, value]) => [`control.${name}`, value]));
  const running = { _id: ledger, state: 'running' } as const;
  if (fields.length === 0) return (await parts.ledgers.findOne(running)) !== null;
  const { matchedCount } = await parts.ledgers.updateOne(running, { $set: set });
  return matchedCount === 1;
}
