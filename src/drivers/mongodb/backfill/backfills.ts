import type { Document } from 'mongodb';
import type { ErrorInfo } from '../../../errors.ts';
import type {
  BackfillInspection,
  Backfills,
  BeginOptions,
  Health,
  UndoOptions,
  UndoResult,
} from '../../../ports/backfill.ts';
import type {
  BackfillJob,
  Chunk,
  ChunkResult,
  Fault,
  ReadBatch,
} from '../../../ports/backfill-job.ts';
import type {
  BackfillControl,
  HeartbeatAnswer,
  LedgerHead,
  LedgerState,
  Poisoned,
  WorkerReport,
} from '../../../ports/backfill-ledger.ts';
import type { OpenOptions } from '../../../ports/driver.ts';
import { moduleOf } from '../client-module.ts';
import { type Connection, connect } from '../connect.ts';
import { toMongoError } from '../errors.ts';
import { apply, read } from './apply.ts';
import { begin, sweepAgain } from './begin.ts';
import { giveBack, letGo, split } from './chunks.ts';
import { claim } from './claim.ts';
import { end, remaining } from './end.ts';
import { classify } from './faults.ts';
import { beat, changeControl, listHeads, readHead } from './head.ts';
import { readHealth } from './health.ts';
import { survey } from './inspect.ts';
import { collectionOf, openCollections, type Parts } from './parts.ts';
import { listPoisoned, poisonChunk, retryPoisoned } from './poison.ts';
import { sample } from './sample.ts';
import { undo } from './undo.ts';
import type { TransformWork } from './work-transform.ts';

/**
 * Backfills over connections of their own, from the same URL; a client that the program
 * gave is used as it is.
 */
export async function openBackfills(
  options: OpenOptions,
  connections: number,
): Promise<MongoBackfills> {
  const url = limitPool(options.url, connections);
  const connection = await connect({ ...options, url });
  const { module, url: bson } = moduleOf(connection.client, options.root);
  return new MongoBackfills(
    connection,
    {
      client: connection.client,
      db: connection.db,
      mongo: module,
      ...openCollections(connection.db, options.store.prefix),
      topology: connection.topology.type ?? 'standalone',
      held: new Map(),
      stuck: new Map(),
      tokens: new Set(),
      sessions: [],
      targets: new Map(),
      url: options.url,
    },
    bson,
  );
}

/** Beside the chunks under way, heartbeats and claims want a connection. */
function limitPool(url: string, connections: number): string {
  if (url === '' || /[?&]maxPoolSize=/i.test(url)) return url;
  const [before = '', after] = url.split('?', 2);
  const path = before.replace(/^[^/]*:\/\//, '').includes('/') ? before : `${before}/`;
  const pool = `maxPoolSize=${Math.max(2, connections)}`;
  return `${path}?${after ? `${after}&` : ''}${pool}`;
}

export class MongoBackfills implements Backfills {
  readonly bson: string | undefined;
  readonly #connection: Connection;
  readonly #parts: Parts;
  #closed: Promise<void> | undefined;

  constructor(connection: Connection, parts: Parts, bson: string | undefined) {
    this.#connection = connection;
    this.#parts = parts;
    this.bson = bson;
  }

  async inspect(job: BackfillJob): Promise<BackfillInspection> {
    const surveyed = this.#named('look at the collection', survey(this.#parts, job));
    const { target: _, top: __, bottom: ___, ...inspection } = await surveyed;
    return inspection;
  }

  sample(job: BackfillJob, count: number): ReturnType<Backfills['sample']> {
    return this.#named('read the rows', sample(this.#parts, job, count));
  }

  begin(job: BackfillJob, options: BeginOptions): Promise<LedgerHead> {
    return this.#named('begin the backfill', begin(this.#parts, job, options));
  }

  heartbeat(ledger: string, worker: WorkerReport): Promise<HeartbeatAnswer> {
    return beat(this.#parts, ledger, worker);
  }

  claim(job: BackfillJob, worker: string, size: number): Promise<Chunk | undefined> {
    return claim(this.#parts, job, worker, size);
  }

  read(job: BackfillJob, chunk: Chunk): Promise<ReadBatch> {
    return read(this.#parts, job, chunk);
  }

  apply(
    job: BackfillJob,
    chunk: Chunk,
    worker: string,
    work?: TransformWork,
  ): Promise<ChunkResult | undefined> {
    return apply(this.#parts, job, chunk, worker, work);
  }

  giveBack(chunk: Chunk, worker: string, error?: ErrorInfo): Promise<void> {
    return giveBack(this.#parts, chunk, worker, error);
  }

  letGo(ledger: string, worker: string, holding: readonly number[]): Promise<void> {
    return letGo(this.#parts, ledger, worker, holding);
  }

  split(job: BackfillJob, chunk: Chunk, worker: string): Promise<boolean> {
    return split(this.#parts, job, chunk, worker);
  }

  poison(job: BackfillJob, chunk: Chunk, worker: string, error: ErrorInfo): Promise<void> {
    return poisonChunk(this.#parts, job, chunk, worker, error);
  }

  poisoned(ledger: string, limit: number): Promise<Poisoned[]> {
    return this.#named(
      'read the rows that were set aside',
      listPoisoned(this.#parts, ledger, limit),
    );
  }

  retryPoisoned(ledger: string): Promise<number> {
    return this.#named('retry the rows that were set aside', retryPoisoned(this.#parts, ledger));
  }

  remaining(job: BackfillJob): Promise<{ within: number; beyond: number }> {
    return this.#named('count what is left', remaining(this.#parts, job));
  }

  count(job: BackfillJob, filter: unknown, limit?: number): Promise<number> {
    const options = limit === undefined ? {} : { limit };
    const rows = collectionOf(this.#parts, job);
    return this.#named('count', rows.countDocuments((filter ?? {}) as Document, options));
  }

  sweepAgain(job: BackfillJob, n: number): Promise<void> {
    return this.#named('begin another sweep', sweepAgain(this.#parts, job, n));
  }

  end(
    ledger: string,
    state: LedgerState,
    summary: Readonly<Record<string, unknown>>,
    error?: ErrorInfo,
  ): Promise<boolean> {
    return this.#named('end the backfill', end(this.#parts, ledger, state, summary, error));
  }

  control(ledger: string, change: BackfillControl): Promise<boolean> {
    return this.#named('change the backfill', changeControl(this.#parts, ledger, change));
  }

  head(ledger: string): Promise<LedgerHead | undefined> {
    return this.#named('read the ledger', readHead(this.#parts, ledger));
  }

  list(): Promise<LedgerHead[]> {
    return this.#named('read the ledgers', listHeads(this.#parts));
  }

  health(_job: BackfillJob): Promise<Health> {
    return readHealth(this.#parts);
  }

  classify(thrown: unknown): Fault {
    return classify(thrown, this.#parts.url);
  }

  undo(job: BackfillJob, options: UndoOptions): Promise<UndoResult> {
    return this.#named('undo the backfill', undo(this.#parts, job, options));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** What people may meet is an error of godwit; workers ask `classify`. */
  #named<T>(what: string, work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      throw toMongoError(error, what, this.#parts.url);
    });
  }

  async #close(): Promise<void> {
    const { sessions, held } = this.#parts;
    const all = [...sessions, ...[...held.values()].map(({ session }) => session)];
    await Promise.all(all.map((session) => session?.endSession().catch(() => {})));
    await this.#connection.close();
  }
}
