import type { ClientSession, Collection, Db, Document, MongoClient } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import type { MongoModule } from '../load-driver.ts';
import { MAJORITY } from '../store.ts';
import type {
  ChunkDocument,
  LedgerDocument,
  PoisonDocument,
  TouchedDocument,
} from './documents.ts';
import type { Target } from './target.ts';

/** A chunk that this process claimed. */
export interface Held {
  readonly chunk: ChunkDocument;
  readonly token: string;
  readonly session: ClientSession | undefined;
}

/** What everything in this folder works with. */
export interface Parts {
  readonly client: MongoClient;
  readonly db: Db;
  readonly mongo: MongoModule;
  readonly ledgers: Collection<LedgerDocument>;
  readonly chunks: Collection<ChunkDocument>;
  readonly poison: Collection<PoisonDocument>;
  readonly touched: Collection<TouchedDocument>;
  readonly topology: 'replica set' | 'standalone' | 'sharded';
  /** By token of the claim: after an election a range may be cut, and held, a second time. */
  readonly held: Map<string, Held>;
  /** Tokens of claims that this process holds, or is just making. */
  readonly tokens: Set<string>;
  /** Chunks that a dead worker's transaction keeps locked, and when to try them again. */
  readonly stuck: Map<string, number>;
  /** Sessions that no chunk uses now. */
  readonly sessions: ClientSession[];
  /** By collection and key. */
  readonly targets: Map<string, Promise<Target>>;
  readonly url: string;
}

/**
 * The ledger is written with w:1. That loses no exactness: a chunk's work and its record
 * commit together, so a primary that is rolled back forgets both. What ends a ledger
 * waits for a majority, and so for all that came before it.
 */
const OWN = {
  readPreference: 'primary',
  readConcern: { level: 'local' },
  writeConcern: { w: 1 },
  ignoreUndefined: true,
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  raw: false,
} as const;

/**
 * Keys keep their value: a Long does not become a double. (Other numbers may become plain
 * ones, which compare alike; so do the codes of errors, which have to.)
 */
export const EXACT = { promoteLongs: false, bsonRegExp: true } as const;

/** Whole documents keep every type. */
export const LOSSLESS = { ...EXACT, promoteValues: false, promoteBuffers: false } as const;

export const SURE = { writeConcern: MAJORITY } as const;

export function openCollections(
  db: Db,
  prefix: string,
): Pick<Parts, 'ledgers' | 'chunks' | 'poison' | 'touched'> {
  const exact = { ...OWN, ...EXACT };
  return {
    ledgers: db.collection<LedgerDocument>(`${prefix}ledger`, OWN),
    chunks: db.collection<ChunkDocument>(`${prefix}chunks`, exact),
    poison: db.collection<PoisonDocument>(`${prefix}poison`, exact),
    touched: db.collection<TouchedDocument>(`${prefix}touched`, exact),
  };
}

export function collectionOf(parts: Parts, job: BackfillJob): Collection<Document> {
  return parts.db.collection(job.target, {
    readPreference: 'primary',
    readConcern: { level: 'local' },
    writeConcern: { w: 1 },
    ignoreUndefined: false,
  });
}

/** Work runs in transactions wherever there are any. */
export function hasTransactions(parts: Parts): boolean {
  return parts.topology !== 'standalone';
}

export function unknownLedger(ledger: string): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_UNKNOWN', `There is no backfill ${ledger}.`, {
    state: 'Nothing was done.',
    next: ['godwit backfill list'],
  });
}

/** Numbers come as their own types from collections that are read exactly. */
export function toNumber(value: unknown): number {
  return value === undefined || value === null ? 0 : Number(value);
}
