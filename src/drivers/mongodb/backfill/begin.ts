import { setTimeout as sleep } from 'node:timers/promises';
import type { Document, IndexDescription } from 'mongodb';
import { busy } from '../../../core/backfill/refuse-undo.ts';
import { GodwitError } from '../../../errors.ts';
import type { BeginOptions } from '../../../ports/backfill.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type { LedgerHead } from '../../../ports/backfill-ledger.ts';
import { isDuplicateKey, isTransient, isUnreachable } from '../errors.ts';
import type { LedgerDocument } from './documents.ts';
import { toHead } from './head.ts';
import { type Survey, survey } from './inspect.ts';
import { keyText } from './keys.ts';
import { type Parts, SURE } from './parts.ts';
import { CHUNK_INDEX, NOTHING_FOLDED } from './progress.ts';
import { barLast } from './take-all.ts';
import { edgeKey, findTarget } from './target.ts';

const TRIES = 5;
const PAUSE_MS = 200;

/** All of it may be done twice, so that an election in between is waited for. */
export async function begin(
  parts: Parts,
  job: BackfillJob,
  options: BeginOptions,
): Promise<LedgerHead> {
  for (let attempt = 1; ; ) {
    try {
      const found = await parts.ledgers.findOne({ _id: job.ledger });
      const begun =
        found === null ? await create(parts, job) : await goOn(parts, job, options, found);
      if (begun !== undefined) return toHead(parts, begun);
    } catch (error) {
      if (!isTransient(error) || isUnreachable(error) || attempt >= TRIES) throw error;
      await sleep(PAUSE_MS * attempt++);
    }
  }
}

/** Undefined when somebody else was quicker. */
async function create(parts: Parts, job: BackfillJob): Promise<LedgerDocument | undefined> {
  const found = await survey(parts, job);
  await createIndexes(parts);
  const fresh = { generation: 1, undoFrom: 1, ...freshFields(parts, job, found) };
  try {
    await parts.ledgers.updateOne(
      { _id: job.ledger, generation: { $exists: false } },
      [{ $set: { ...literal(fresh), startedAt: '$$NOW' } }],
      { upsert: true, ...SURE },
    );
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    return undefined;
  }
  return (await parts.ledgers.findOne({ _id: job.ledger })) ?? undefined;
}

function freshFields({ mongo }: Parts, job: BackfillJob, found: Survey): Document {
  return {
    name: job.name,
    target: job.target,
    sweep: 1,
    state: 'running',
    definition: job.definition,
    guarantee: found.guarantee,
    key: found.key,
    order: job.order,
    growing: found.growingKey,
    ...(found.top && { top: keyText(mongo, found.top) }),
    ...(found.bottom && { bottom: keyText(mongo, found.bottom) }),
    total: found.total,
    exact: found.exact,
    control: {},
    workers: [],
    extra: 0,
    folded: NOTHING_FOLDED,
  };
}

function literal(fields: Document): Document {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, { $literal: value }]),
  );
}

async function goOn(
  parts: Parts,
  job: BackfillJob,
  options: BeginOptions,
  found: LedgerDocument,
): Promise<LedgerDocument | undefined> {
  if (found.state === 'undoing') throw busy(job.name, found.state, []);
  if (found.state !== 'running' && found.state !== 'failed') {
    return options.mode === 'again' ? beginAgain(parts, job, found) : found;
  }
  const other = found.definition !== job.definition;
  if (other && !(options.acceptDefinition && fits(job, found))) throw changed(job, found);
  await createIndexes(parts);
  const same = { _id: found._id, generation: found.generation, state: found.state };
  const after = await parts.ledgers.findOneAndUpdate(
    same,
    {
      $set: { state: 'running', definition: job.definition },
      $unset: { error: 1, endedAt: 1, summary: 1, 'control.cancelled': 1 },
    } as Document,
    { returnDocument: 'after', includeResultMetadata: false, ...SURE },
  );
  if (after === null) return undefined;
  await barLast(parts, after as LedgerDocument);
  return after as LedgerDocument;
}

/** Ranges that were cut along one key say nothing along another. */
function fits(job: BackfillJob, found: LedgerDocument): boolean {
  const key = (job.key ?? ['_id']).join();
  return job.target === found.target && key === found.key.join() && job.order === found.order;
}

async function beginAgain(
  parts: Parts,
  job: BackfillJob,
  found: LedgerDocument,
): Promise<LedgerDocument | undefined> {
  await barLast(parts, found);
  const fields = freshFields(parts, job, await survey(parts, job));
  const generation = found.generation + 1;
  // What was given up is undone together with what comes after it.
  const undoFrom = found.state === 'cancelled' ? found.undoFrom : generation;
  const gone = ['error', 'endedAt', 'summary', 'top', 'bottom'].filter((name) => !(name in fields));
  const after = await parts.ledgers.findOneAndUpdate(
    { _id: found._id, generation: found.generation, state: found.state },
    [
      {
        $set: {
          ...literal({ ...fields, generation, undoFrom, unbarred: found.generation }),
          startedAt: '$$NOW',
        },
      },
      { $unset: gone },
    ],
    { returnDocument: 'after', includeResultMetadata: false, ...SURE },
  );
  if (after === null) return undefined;
  await barLast(parts, after as LedgerDocument);
  return after as LedgerDocument;
}

/** Sweep `n` over all keys that there are now. */
export async function sweepAgain(parts: Parts, job: BackfillJob, n: number): Promise<void> {
  const target = await findTarget(parts, job);
  const [top, bottom] = await Promise.all([
    edgeKey(parts, job, target, 'top'),
    edgeKey(parts, job, target, 'bottom'),
  ]);
  const edges = {
    ...(top && { top: keyText(parts.mongo, top) }),
    ...(bottom && { bottom: keyText(parts.mongo, bottom) }),
  };
  await parts.ledgers.updateOne(
    { _id: job.ledger, sweep: n - 1, state: 'running' },
    { $set: { sweep: n, ...edges } },
  );
}

/**
 * Also creates the collections, which a transaction of an old server could not. Waits for
 * a majority: else a primary that stepped down could take them with it, while the ledger
 * is written to the next one.
 */
async function createIndexes(parts: Parts): Promise<void> {
  const { db, chunks, poison, touched } = parts;
  // The driver's own call takes no write concern.
  const create = (collection: string, indexes: readonly IndexDescription[]): Promise<Document> =>
    db.command({ createIndexes: collection, indexes, ...SURE });
  const byLedger = { key: { ledger: 1, generation: 1 }, name: 'ledger' } as const;
  await Promise.all([
    create(chunks.collectionName, [
      { key: CHUNK_INDEX, name: 'progress' },
      { key: { ledger: 1, state: 1, n: 1 }, name: 'open' },
    ]),
    create(poison.collectionName, [byLedger]),
    create(touched.collectionName, [byLedger]),
  ]);
}

function changed(job: BackfillJob, found: LedgerDocument): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_CHANGED',
    `The backfill ${job.name} was begun with another definition.`,
    {
      state: `It is ${found.state}; what it changed stays, the rest waits.`,
      next: [
        'restore the definition, or go on with the new one: --accept-definition',
        `begin anew: godwit backfill cancel ${job.name}`,
      ],
    },
  );
}
