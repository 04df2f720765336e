import { GodwitError } from '../../errors.ts';
import type { ApplyCall, SyncOperation } from '../../ports/definition.ts';
import type { MongooseOpener } from '../../ports/driver.ts';
import type { HistoryReader, MirrorSpec, NewHistoryEvent } from '../../ports/history.ts';
import type { PublicIdCall, PublicIdStep } from '../../ports/public-ids.ts';
import type {
  AcquireOptions,
  Dropped,
  Job,
  Outcome,
  SeriesProgress,
  Session,
  Unsettled,
} from '../../ports/session.ts';
import { acquire } from './acquire.ts';
import { toMongoError } from './errors.ts';
import { releaseLock } from './lock.ts';
import type { Log } from './log.ts';
import { Mirrors } from './mirror.ts';
import { Bridge } from './mongoose.ts';
import { deepenStacks, noSql } from './perform.ts';
import { runInside } from './run-inside.ts';
import { type Neighbours, runOutside, type Turn } from './run-outside.ts';
import type { Store } from './store.ts';
import { type Topology, whileReachable } from './topology.ts';
import { record, type Work } from './work.ts';

export interface SessionParts {
  readonly store: Store;
  readonly history: HistoryReader;
  readonly topology: Topology;
  readonly transactions: boolean;
  readonly root: string;
  readonly url: string;
  /** Of godwit's own collections. */
  readonly prefix: string;
  readonly mongoose: MongooseOpener | undefined;
}

/** Takes the lock. */
export async function openSession(
  parts: SessionParts,
  options: AcquireOptions,
): Promise<MongoSession> {
  const { store, history, topology, root, url } = parts;
  const { lease, log, session } = await acquire(store, topology, parts.transactions, options);
  const mirrors = new Mirrors(store);
  const mongoose = new Bridge(store.client, store.db.databaseName, parts.mongoose);
  const work = { store, lease, log, mirrors, history, topology, session, root, url, mongoose };
  return new MongoSession(work, parts.prefix);
}

/** A held lock, and what can be written under it. */
export class MongoSession implements Session {
  readonly #work: Work;
  readonly #prefix: string;
  readonly #endDeepStacks = deepenStacks();
  #released: Promise<void> | undefined;

  constructor(work: Work, prefix: string) {
    this.#work = work;
    this.#prefix = prefix;
  }

  get fence(): number {
    return this.#work.lease.fence;
  }

  get lost(): AbortSignal {
    return this.#work.lease.lost;
  }

  async append(events: readonly NewHistoryEvent[], mirrors: readonly MirrorSpec[]): Promise<void> {
    this.#work.lease.check();
    if (events.length === 0) return;
    try {
      await this.#work.mirrors.look(mirrors);
      await record(this.#work, events, mirrors);
    } catch (error) {
      throw toMongoError(error, 'write the history', this.#work.url);
    }
  }

  async execute(job: Job): Promise<Outcome> {
    return (await this.#turn(job, {})).outcome;
  }

  async executeSeries(jobs: readonly Job[], progress: SeriesProgress): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    let begun: number | undefined;
    for (const [index, job] of jobs.entries()) {
      if (begun === undefined && job.stop.aborted) break;
      progress.begin(job);
      const turn = await this.#turn(job, { begun, next: jobs[index + 1] });
      begun = turn.begun;
      outcomes.push(turn.outcome);
      progress.end(job, turn.outcome);
      const { status } = turn.outcome;
      if (status !== 'applied' && status !== 'reverted') break;
    }
    return outcomes;
  }

  async #turn(job: Job, neighbours: Neighbours): Promise<Turn> {
    this.#work.lease.check();
    const refusal = refuse(job, this.#work);
    if (refusal) return { outcome: notRun(refusal) };
    try {
      const { session } = this.#work;
      return job.transaction === 'always' && session
        ? { outcome: await runInside(this.#work, session, job) }
        : await runOutside(this.#work, job, neighbours);
    } catch (error) {
      const cause = toMongoError(error, 'record the start of the run', this.#work.url);
      return { outcome: notRun(cause) };
    }
  }

  async executeTogether(_jobs: readonly Job[]): Promise<Outcome[]> {
    throw new GodwitError(
      'GODWIT_UNSUPPORTED',
      'MongoDB cannot run all migrations in one transaction.',
      {
        state: 'Nothing was run.',
        next: ['set `transaction: true` in each migration that needs it'],
      },
    );
  }

  async applyDefinition(operation: SyncOperation, call: ApplyCall): Promise<void> {
    const { store, lease, log, url } = this.#work;
    const { applyOperation } = await import('./sync/apply.ts');
    try {
      // What is recorded so far must be there before anything changes.
      await log.settle();
      await applyOperation({ ...call, store, lease, prefix: this.#prefix, operation });
    } catch (error) {
      throw toMongoError(error, operation.id.replace('-', ' '), url, 'GODWIT_DEFINITION_FAILED');
    }
  }

  async applyPublicIds(step: PublicIdStep, call: PublicIdCall): Promise<void> {
    const { log, url } = this.#work;
    const { applyPublicIds } = await import('./public-ids/apply.ts');
    try {
      await log.settle();
      await applyPublicIds(this.#work, step, call);
    } catch (error) {
      throw toMongoError(error, `change ${call.column.table}`, url, 'GODWIT_BACKFILL_FAILED');
    }
  }

  async settle(): Promise<Unsettled | undefined> {
    const { log, url } = this.#work;
    try {
      await log.settle();
      return undefined;
    } catch (thrown) {
      return unsettled(log, toMongoError(thrown, 'make sure of the records', url));
    }
  }

  async reset(): Promise<readonly Dropped[]> {
    const { store, lease, log } = this.#work;
    lease.check();
    await log.settle();
    const { dropEverything } = await import('./reset.ts');
    return dropEverything(store, lease);
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    const { lease, log, store, session, topology, mongoose } = this.#work;
    this.#endDeepStacks();
    await mongoose.close();
    await whileReachable(topology, () => log.settle()).catch(() => {});
    const { aborted } = lease.lost;
    lease.end();
    // One that was lost is somebody else's, or will be treated as not released.
    if (!aborted)
      await whileReachable(topology, () => releaseLock(store, lease.fence)).catch(() => {});
    await whileReachable(topology, async () => session?.endSession()).catch(() => {});
  }
}

function refuse(job: Job, work: Work): GodwitError | undefined {
  if (job.step.type === 'sql' || job.verify?.type === 'sql') return noSql(job);
  if (job.transaction !== 'always' || work.session) return undefined;
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${job.header.id} asks for a transaction, which a standalone MongoDB does not have.`,
    {
      state: 'Nothing was run.',
      next: ['run mongod as a replica set (one member is enough)', 'or set `transaction: false`'],
    },
  );
}

function unsettled({ doubtful }: Log, cause: GodwitError): Unsettled {
  const error = {
    ...cause.toJSON(),
    state: 'It did nothing in the database, and only one server is known to have its record.',
  };
  const ended = doubtful.filter(({ event }) => event === 'ended');
  return { runs: ended.map(({ id, direction }) => ({ id, direction })), error };
}

/** Failed before anything was written. */
function notRun(error: GodwitError): Outcome {
  const state = error.state ?? 'Nothing was run.';
  return {
    status: 'failed',
    effect: 'none',
    durationMs: 0,
    transactional: false,
    error: { ...error.toJSON(), state },
    recorded: false,
  };
}
