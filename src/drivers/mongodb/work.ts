import type { ClientSession } from 'mongodb';
import type { HistoryReader, MirrorSpec, NewHistoryEvent } from '../../ports/history.ts';
import type { Lease } from './lease.ts';
import type { AppendOptions, Log } from './log.ts';
import { type Mirrors, writeMirrors } from './mirror.ts';
import type { Bridge } from './mongoose.ts';
import type { Store } from './store.ts';
import type { Topology } from './topology.ts';
import { transact } from './transaction.ts';

/** All that a held lock writes with. */
export interface Work {
  readonly store: Store;
  readonly lease: Lease;
  readonly log: Log;
  readonly mirrors: Mirrors;
  readonly history: HistoryReader;
  readonly topology: Topology;
  /** Undefined where there are no transactions. */
  readonly session: ClientSession | undefined;
  /** What `ctx.mongoose()` opens, once for all runs of the session. */
  readonly mongoose: Bridge;
  /** The project's folder. */
  readonly root: string;
  /** For hiding its password. */
  readonly url: string;
}

/**
 * Writes records with majority, or `fast` if that is all (see log.ts), and keeps the mirrors in step: in one transaction where
 * there are transactions and more than one document. Elsewhere the records come first: a
 * mirror that lacks one un-applies nothing, one that is ahead would be believed.
 */
export async function record(
  work: Work,
  events: readonly NewHistoryEvent[],
  specs: readonly MirrorSpec[],
  { fast }: Pick<AppendOptions, 'fast'> = {},
): Promise<void> {
  const { store, log, session, lease } = work;
  lease.check();
  const mirrored = await work.mirrors.prepare(specs, events, () => work.history.versions());
  if (session === undefined || (mirrored.length === 0 && (fast || events.length === 1))) {
    await log.append(events, { fast: fast && mirrored.length === 0 });
    await writeMirrors(store, mirrored);
  } else {
    await log.above(() =>
      transact(session, lease, async () => {
        await log.append(events, { session });
        await writeMirrors(store, mirrored, session);
      }),
    );
    log.advance(events.length);
  }
  work.mirrors.wrote(mirrored);
}
