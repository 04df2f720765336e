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
  ReadRow,
  RowChange,
} from '../../../ports/backfill-job.ts';
import type {
  BackfillControl,
  HeartbeatAnswer,
  LedgerHead,
  LedgerState,
  Poisoned,
  WorkerReport,
} from '../../../ports/backfill-ledger.ts';
import type { Connections } from '../connections.ts';
import type { Store } from '../store.ts';
import { apply } from './apply.ts';
import { claimedOf, giveBack, letGo, poison, poisoned, retryPoisoned, split } from './chunks.ts';
import { claim } from './claim.ts';
import { classify, told } from './classify.ts';
import { count, remaining } from './count.ts';
import { readHeads } from './head.ts';
import { readHealth } from './health.ts';
import { inspect } from './inspect.ts';
import { begin } from './ledger.ts';
import { control, end, heartbeat, sweepAgain } from './ledger-state.ts';
import { createPlace, type Place } from './place.ts';
import { Pool } from './pool.ts';
import { read } from './read.ts';
import { sample } from './sample.ts';
import { tableNames } from './tables.ts';
import { undo } from './undo.ts';

export interface BackfillsOptions {
  readonly connections: Connections;
  readonly store: Store;
  readonly most: number;
  /** PGlite: the database lives in this process. */
  readonly embedded: boolean;
}

/** Opens nothing yet: each session is made when it is needed. */
export function openBackfills({ connections, store, most, embedded }: BackfillsOptions): Backfills {
  const pool = new Pool(connections, store, embedded ? 1 : most);
  return new PostgresBackfills(createPlace(pool, store, tableNames(store), embedded));
}

class PostgresBackfills implements Backfills {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  inspect(job: BackfillJob): Promise<BackfillInspection> {
    return told(inspect(this.#place, job));
  }

  sample(job: BackfillJob, rows: number): ReturnType<Backfills['sample']> {
    return told(sample(this.#place, job, rows));
  }

  begin(job: BackfillJob, options: BeginOptions): Promise<LedgerHead> {
    return told(begin(this.#place, job, options));
  }

  heartbeat(ledger: string, worker: WorkerReport): Promise<HeartbeatAnswer> {
    return heartbeat(this.#place, ledger, worker);
  }

  claim(job: BackfillJob, worker: string, size: number): Promise<Chunk | undefined> {
    return claim(this.#place, job, worker, size);
  }

  read(job: BackfillJob, chunk: Chunk): Promise<ReadBatch> {
    return read(this.#place, job, chunk);
  }

  async apply(
    job: BackfillJob,
    chunk: Chunk,
    _worker: string,
    work?: { readonly rows: readonly ReadRow[]; readonly changes: readonly RowChange[] },
  ): Promise<ChunkResult | undefined> {
    return apply(await claimedOf(this.#place, job, chunk), work);
  }

  giveBack(chunk: Chunk, _worker: string, error?: ErrorInfo): Promise<void> {
    return giveBack(this.#place, chunk, error);
  }

  letGo(ledger: string, worker: string, holding: readonly number[]): Promise<void> {
    return letGo(this.#place, ledger, worker, holding);
  }

  async split(job: BackfillJob, chunk: Chunk): Promise<boolean> {
    return split(await claimedOf(this.#place, job, chunk));
  }

  async poison(job: BackfillJob, chunk: Chunk, _worker: string, error: ErrorInfo): Promise<void> {
    return poison(await claimedOf(this.#place, job, chunk), error);
  }

  poisoned(ledger: string, limit: number): Promise<Poisoned[]> {
    return told(poisoned(this.#place, ledger, limit));
  }

  retryPoisoned(ledger: string): Promise<number> {
    return told(retryPoisoned(this.#place, ledger));
  }

  remaining(
    job: BackfillJob,
    options?: { readonly within?: boolean | undefined },
  ): Promise<{ readonly within: number; readonly beyond: number }> {
    return told(remaining(this.#place, job, options));
  }

  count(job: BackfillJob, filter: unknown, limit?: number): Promise<number> {
    return told(count(this.#place, job, filter, limit));
  }

  sweepAgain(job: BackfillJob, n: number): Promise<void> {
    return told(sweepAgain(this.#place, job, n));
  }

  end(
    ledger: string,
    state: LedgerState,
    summary: Readonly<Record<string, unknown>>,
    error?: ErrorInfo,
  ): Promise<boolean> {
    return told(end(this.#place, ledger, state, summary, error));
  }

  control(ledger: string, change: BackfillControl): Promise<boolean> {
    return told(control(this.#place, ledger, change));
  }

  async head(ledger: string): Promise<LedgerHead | undefined> {
    return (await told(readHeads(this.#place, ledger)))[0];
  }

  list(): Promise<LedgerHead[]> {
    return told(readHeads(this.#place));
  }

  health(job: BackfillJob): Promise<Health> {
    return readHealth(this.#place, job);
  }

  classify(thrown: unknown): Fault {
    return classify(thrown);
  }

  undo(job: BackfillJob, options: UndoOptions): Promise<UndoResult> {
    return told(undo(this.#place, job, options));
  }

  close(): Promise<void> {
    return this.#place.pool.close();
  }
}
