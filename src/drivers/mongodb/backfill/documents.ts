import type { Document } from 'mongodb';
import type { ErrorInfo } from '../../../errors.ts';
import type { BackfillControl, LedgerState } from '../../../ports/backfill-ledger.ts';
import type { Actor } from '../../../ports/history.ts';
import type { ProcessIdentity } from '../process-identity.ts';

/** Values of a key's fields, as BSON holds them (numbers in their own types). */
export type NativeKey = readonly unknown[];

/** One side of a range. Absent: no limit. */
export interface Edge {
  readonly key: NativeKey;
  readonly inclusive: boolean;
}

export interface Totals {
  readonly rows: number;
  readonly changed: number;
  readonly deleted: number;
  readonly conflicts: number;
  readonly chunksDone: number;
  readonly retries: number;
}

/**
 * A ledger: one document. Its frontier is not here but the range with the greatest `n`:
 * whoever cuts the next one inserts it under the next number, and of two that try, one
 * meets a duplicate `_id`. So cutting and claiming are one write, and need no transaction.
 */
export interface LedgerDocument extends Document {
  readonly _id: string;
  readonly name: string;
  readonly target: string;
  readonly generation: number;
  readonly sweep: number;
  readonly state: Exclude<LedgerState, 'paused'>;
  readonly definition: string;
  readonly guarantee: 'exactly-once' | 'at-least-once';
  readonly key: readonly string[];
  readonly order: 'ascending' | 'descending';
  readonly growing: boolean;
  /** Greatest and least key when the sweep began, as `keyText`; absent when there was no row. */
  readonly top?: string | undefined;
  readonly bottom?: string | undefined;
  readonly total: number;
  readonly exact: boolean;
  readonly control: BackfillControl;
  readonly workers: readonly WorkerDocument[];
  readonly startedAt: Date;
  readonly endedAt?: Date | undefined;
  readonly error?: ErrorInfo | undefined;
  readonly summary?: Readonly<Record<string, unknown>> | undefined;
  /** Generation from which on `undo` gives rows back: those before were wanted. */
  readonly undoFrom: number;
  /** The generation before, until its chunks are taken from whoever still holds one. */
  readonly unbarred?: number;
  /** Worker of the last `undo`, and the session of its transactions: a killed one's is ended. */
  readonly undoneBy?: string;
  readonly undoSession?: unknown;
  /** Numbers given to chunks that are not ranges of the frontier. */
  readonly extra: number;
  /** Sums over the ranges up to and with `n`, all done: they need not be added up again. */
  readonly folded: Totals & { readonly n: number; readonly lastSweep: number };
}

export interface WorkerDocument {
  readonly id: string;
  readonly by: Actor;
  readonly process?: ProcessIdentity | undefined;
  readonly heartbeatAt: Date;
  readonly rows: number;
}

export interface ClaimDocument {
  readonly worker: string;
  /** Names this very claim: an earlier one of the same chunk commits nothing any more. */
  readonly token: string;
  readonly at: Date;
  readonly process?: ProcessIdentity | undefined;
  /** Session of its transaction, which a successor ends. */
  readonly session?: unknown;
}

/** `void`: nobody's any more, or a bar (take-all.ts); `split`: its halves stand for it. */
export type ChunkState = 'claimed' | 'waiting' | 'done' | 'split' | 'void';

export interface ChunkDocument extends Document {
  readonly _id: string;
  readonly ledger: string;
  readonly generation: number;
  readonly sweep: number;
  readonly n: number;
  readonly state: ChunkState;
  readonly low?: Edge | undefined;
  readonly high?: Edge | undefined;
  readonly keys?: readonly NativeKey[] | undefined;
  /** The range that reaches the bound. */
  readonly final?: boolean | undefined;
  readonly attempts: number;
  readonly claim?: ClaimDocument | undefined;
  readonly error?: ErrorInfo | undefined;
  readonly rows?: number;
  readonly changed?: number;
  readonly deleted?: number;
  readonly conflicts?: number;
  readonly poisoned?: number;
  readonly durationMs?: number;
  readonly doneAt?: Date;
}

export interface PoisonDocument extends Document {
  readonly _id: Document;
  readonly ledger: string;
  readonly generation: number;
  readonly key: NativeKey;
  readonly error: ErrorInfo;
  readonly attempts: number;
  readonly at: Date;
}

/** What a row was before the first change of a generation, and a hash of what it is after the last. */
export interface TouchedDocument extends Document {
  readonly _id: { readonly l: string; readonly g: number; readonly k: string };
  readonly ledger: string;
  readonly generation: number;
  /** The document's own bytes: nothing is lost on the way through JavaScript. */
  readonly before: unknown;
  /** SHA-256 of the bytes it was left with; null: deleted. */
  readonly after: string | null;
  readonly skipped?: boolean;
}

/** Chunks of `keys`, and halves, are numbered from here; ranges of the frontier from 1. */
export const FIRST_EXTRA = 1_000_000_000;

export function chunkId(ledger: string, generation: number, n: number): string {
  return `${ledger}#${generation}#${n}`;
}
