import type { ClientSession, Collection, Db } from 'mongodb';
import { GodwitError } from '../../errors.ts';
import type { BackfillSpec, BackfillSummary } from '../../ports/backfill-spec.ts';
import { type CurrentRun, runOf } from '../run-of.ts';

/** As much of a mongoose model as the helpers need, of mongoose 7, 8 and 9. */
export interface ModelLike {
  readonly modelName?: string;
  readonly db: object;
  readonly collection: { readonly collectionName: string };
  // biome-ignore lint/suspicious/noExplicitAny: of the project's own mongoose
  readonly schema?: any;
}

export interface HelperProgress {
  /** Documents so far. */
  readonly done: number;
}

/** What every helper takes as its last argument. */
export interface HelperOptions {
  /** A session of the caller's own; in a transactional migration the run's goes by itself. */
  // biome-ignore lint/suspicious/noExplicitAny: of the project's own driver
  readonly session?: any;
  /** Count what would be done, and do nothing. */
  readonly dryRun?: boolean | undefined;
  /** Ends it with GODWIT_STOPPED, as soon as what is under way allows. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each batch; at the end where the server does all at once. */
  readonly onProgress?: ((progress: HelperProgress) => void) | undefined;
}

/** Runs a backfill whose name is this one's alone: in the migration's ledger, or on its own. */
export type Engine = (spec: BackfillSpec & { readonly name: string }) => Promise<BackfillSummary>;

/** Where a helper works. */
export interface Place {
  readonly model: ModelLike;
  readonly db: Db;
  readonly collection: Collection;
  readonly name: string;
  readonly run: CurrentRun | undefined;
  /** Whether all of it is in one transaction anyway. */
  readonly inTransaction: boolean;
  /** To be spread into the driver's options. */
  readonly session: { readonly session?: ClientSession };
  readonly options: HelperOptions;
  /** Throws GODWIT_STOPPED when the caller or the run was told to stop. */
  check(): void;
  progress(done: number): void;
}

interface ConnectionLike {
  readonly db?: Db;
  readonly readyState: number;
  asPromise?(): Promise<unknown>;
}

/**
 * @param what for messages: the helper's name
 * @throws GodwitError GODWIT_HELPER_INVALID when it is no model, or not connected
 */
export async function placeOf(
  model: ModelLike | undefined,
  options: HelperOptions,
  what: string,
): Promise<Place> {
  const connection = model?.db as ConnectionLike | undefined;
  const name = model?.collection?.collectionName;
  if (model === undefined || connection === undefined || typeof name !== 'string') {
    throw invalid(
      what,
      `was given ${model === undefined ? 'undefined' : 'something else'} instead of a model`,
      ['look at the name: this.models has all models of the models folder'],
    );
  }
  if (connection.readyState === 2) await connection.asPromise?.();
  const { db } = connection;
  if (connection.readyState !== 1 || db === undefined) {
    throw invalid(what, `was given the model ${model.modelName ?? name}, which is not connected`, [
      'await mongoose.connect(process.env.MONGODB_URI) first',
    ]);
  }
  const run = runOf(connection);
  const session = options.session ? { session: options.session as ClientSession } : {};
  return {
    model,
    db,
    collection: db.collection(name),
    name,
    run,
    inTransaction: options.session?.inTransaction?.() === true || run?.ctx.session !== undefined,
    session,
    options,
    check() {
      for (const signal of [options.signal, run?.ctx.signal]) refuseStopped(signal, what);
    },
    progress: (done) => options.onProgress?.({ done }),
  };
}

function refuseStopped(signal: AbortSignal | undefined, what: string): void {
  if (!signal?.aborted) return;
  throw new GodwitError('GODWIT_STOPPED', `${what} was stopped.`, { cause: signal.reason });
}

export function invalid(what: string, problem: string, next?: readonly string[]): GodwitError {
  return new GodwitError('GODWIT_HELPER_INVALID', `${what} ${problem}.`, {
    state: `Nothing was done by ${what}.`,
    next,
  });
}

export function refused(
  what: string,
  problem: string,
  next?: readonly string[],
  cause?: unknown,
): GodwitError {
  return new GodwitError('GODWIT_HELPER_REFUSED', `${what}: ${problem}.`, {
    state: `Nothing was done by ${what}.`,
    next,
    cause,
  });
}
