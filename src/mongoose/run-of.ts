import type { MongoContext } from '../ports/context.ts';

/** Shared by all copies of godwit in a process, hence registered. */
const RUN = Symbol.for('godwit.run');

/** What a helper knows of the migration that calls it. */
export interface CurrentRun {
  readonly ctx: MongoContext;
  /** How often each of its backfills was asked for, so that each has a name of its own. */
  readonly names: Map<string, number>;
}

type Marked = { [RUN]?: CurrentRun | undefined };

/** Says that a mongoose connection belongs to a run; undefined takes it back. */
export function markRun(connection: object, ctx: MongoContext | undefined): void {
  const value = ctx && { ctx, names: new Map<string, number>() };
  Object.defineProperty(connection, RUN, { value, configurable: true, enumerable: false });
}

/** The run that a mongoose connection belongs to; undefined outside godwit. */
export function runOf(connection: object | undefined): CurrentRun | undefined {
  return (connection as Marked | undefined)?.[RUN];
}
