import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientSession, Document } from 'mongodb';
import { hasLabel, SERVER_CODE, serverCode } from '../../drivers/mongodb/errors.ts';
import { LONGEST_LEFT_MS, runTransaction, TRANSACTION } from '../../drivers/mongodb/transaction.ts';
import type { Place } from './place.ts';

const PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** A move that is under way, and what came of it so far. */
export interface Moving {
  readonly source: Place;
  readonly archive: Place;
  moved: number;
  left: number;
}

interface ConnectionLike {
  getClient?(): unknown;
  startSession?(): Promise<ClientSession>;
}

/** Undefined where there are no transactions, or the caller brought a session. */
export async function openSession({ source, archive }: Moving): Promise<ClientSession | undefined> {
  if (source.inTransaction || source.options.session) return undefined;
  const [from, to] = [source.model.db, archive.model.db] as ConnectionLike[];
  const client = from?.getClient?.();
  if (client === undefined || client !== to?.getClient?.()) return undefined;
  const hello = await source.db.command({ hello: 1 });
  if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') return undefined;
  return from?.startSession?.();
}

/**
 * Moves a batch in one transaction. One that meets other writers is tried again in halves:
 * a document that is written all the time holds up no other.
 */
export async function moveTogether<Move extends Moving>(
  move: Move,
  session: ClientSession,
  batch: readonly Document[],
  work: (move: Move, batch: readonly Document[]) => Promise<void>,
): Promise<void> {
  const inside = (place: Place): Place => ({ ...place, session: { session }, inTransaction: true });
  const until = performance.now() + LONGEST_LEFT_MS;
  for (let round = 1; ; round++) {
    move.source.check();
    const part = { ...move, source: inside(move.source), archive: inside(move.archive) };
    try {
      await runTransaction(session, TRANSACTION, () => work(part, batch));
      Object.assign(move, { moved: part.moved, left: part.left });
      return;
    } catch (error) {
      // Of some collections a transaction may not write; nothing was done by then.
      if (isRefused(error)) return work(move, batch);
      const conflict = serverCode(error) === SERVER_CODE.writeConflict;
      if (!hasLabel(error, 'TransientTransactionError')) throw error;
      if (performance.now() > until) {
        if (!conflict || batch.length > 1) throw error;
        move.left += 1;
        return;
      }
    }
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      await moveTogether(move, session, batch.slice(0, middle), work);
      await moveTogether(move, session, batch.slice(middle), work);
      return;
    }
    await sleep(Math.min(PAUSE_MS * round, LONGEST_PAUSE_MS));
  }
}

function isRefused(error: unknown): boolean {
  const code = serverCode(error);
  return (
    code === SERVER_CODE.operationNotSupportedInTransaction || code === SERVER_CODE.illegalOperation
  );
}
