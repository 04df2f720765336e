import { GodwitError, toGodwitError } from '../../../../src/errors.ts';
import type { Backfills } from '../../../../src/ports/backfill.ts';
import type {
  BackfillJob,
  Chunk,
  ChunkResult,
  ReadRow,
} from '../../../../src/ports/backfill-job.ts';
import type {
  BackfillControl,
  LedgerHead,
  LedgerProgress,
  LedgerState,
  Poisoned,
} from '../../../../src/ports/backfill-ledger.ts';
import type { FakeTimers } from './fake-timers.ts';

export interface FakeRow {
  id: number;
  n: number;
  /** Written by the application meanwhile. */
  app: number;
  bad?: boolean;
}

interface FakeChunk {
  chunk: Chunk;
  worker: string | undefined;
  attempts: number;
}

const LEASE_MS = 15_000;
const NO_PROGRESS: LedgerProgress = {
  rows: 0,
  changed: 0,
  deleted: 0,
  conflicts: 0,
  chunksDone: 0,
  chunksOpen: 0,
  retries: 0,
  poisoned: 0,
  cut: false,
};

export class TransientError extends Error {}
export class SlowError extends Error {}
export class RowError extends Error {}

/** A database of one table and one ledger, whose every method is one atomic step. */
export class FakeDatabase {
  readonly rows = new Map<number, FakeRow>();
  readonly #timers: FakeTimers;
  readonly chunks = new Map<number, FakeChunk>();
  readonly #beats = new Map<string, number>();
  #next = 1;
  #frontier = 0;
  bound = 0;
  state: LedgerState | undefined;
  generation = 0;
  sweep = 1;
  definition = '';
  progress: LedgerProgress = NO_PROGRESS;
  control: BackfillControl = {};
  poisonedRows: Poisoned[] = [];
  summary: Readonly<Record<string, unknown>> | undefined;
  growingKey = true;
  /** A row still matches when this says so. */
  matches: (row: FakeRow) => boolean = () => true;

  constructor(count: number, timers: FakeTimers) {
    this.#timers = timers;
    for (let id = 1; id <= count; id++) this.rows.set(id, { id, n: 0, app: 0 });
  }

  head(): LedgerHead | undefined {
    if (this.state === undefined) return undefined;
    return {
      ledger: 'backfill:fake',
      name: 'fake',
      target: 'rows',
      generation: this.generation,
      sweep: this.sweep,
      state: this.state,
      definition: this.definition,
      guarantee: 'exactly-once',
      bound: [this.bound],
      total: this.rows.size,
      exact: true,
      progress: this.#progress(),
      control: this.control,
      workers: [],
      startedAt: new Date(0),
      ...(this.summary && { summary: this.summary }),
    };
  }

  #progress(): LedgerProgress {
    return { ...this.progress, chunksOpen: this.chunks.size, cut: this.#frontier >= this.bound };
  }

  #add(part: Partial<LedgerProgress>): void {
    const now = this.progress as unknown as Record<string, number>;
    const sums = Object.entries(part).map(([key, value]) => [
      key,
      Number(now[key]) + Number(value),
    ]);
    this.progress = { ...this.progress, ...Object.fromEntries(sums) };
  }

  begin(again: boolean): LedgerHead {
    const ended =
      this.state === 'complete' || this.state === 'cancelled' || this.state === 'undone';
    if (this.state === undefined || (again && ended)) {
      this.generation++;
      this.sweep = 1;
      this.#frontier = 0;
      this.bound = Math.max(0, ...this.rows.keys());
      this.progress = NO_PROGRESS;
      this.control = {};
      this.state = 'running';
    } else if (this.state === 'failed') this.state = 'running';
    return this.head() as LedgerHead;
  }

  #open(chunk: Omit<Chunk, 'ledger' | 'n' | 'attempts'>, worker: string | undefined): FakeChunk {
    const n = this.#next++;
    const made = {
      chunk: { ledger: 'backfill:fake', n, attempts: 0, ...chunk },
      worker,
      attempts: 0,
    };
    this.chunks.set(n, made);
    return made;
  }

  claim(worker: string, size: number): Chunk | undefined {
    if (this.state !== 'running') return undefined;
    for (const open of this.chunks.values()) {
      const beat = open.worker === undefined ? undefined : this.#beats.get(open.worker);
      const dead = open.worker !== undefined && this.#timers.now() - (beat ?? 0) > LEASE_MS;
      if (open.worker !== undefined && !dead) continue;
      if (dead) open.attempts++;
      open.worker = worker;
      return { ...open.chunk, attempts: open.attempts };
    }
    if (this.#frontier >= this.bound) return undefined;
    const after = this.#frontier;
    this.#frontier = Math.min(this.bound, after + size);
    return this.#open({ after: [after], to: [this.#frontier] }, worker).chunk;
  }

  rowsOf({ keys, after, to }: Chunk): FakeRow[] {
    const ids = keys
      ? keys.map(([id]) => Number(id))
      : Array.from(
          { length: Number(to?.[0]) - Number(after?.[0]) },
          (_, i) => Number(after?.[0]) + i + 1,
        );
    return ids.flatMap((id) => {
      const row = this.rows.get(id);
      return row && this.matches(row) ? [row] : [];
    });
  }

  apply(
    chunk: Chunk,
    worker: string,
    work?: Parameters<Backfills['apply']>[3],
  ): ChunkResult | undefined {
    const open = this.chunks.get(chunk.n);
    if (open?.worker !== worker) return undefined;
    if (work === undefined) {
      const rows = this.rowsOf(chunk);
      if (rows.some((row) => row.bad)) throw new RowError('a row is refused');
      for (const row of rows) row.n++;
      return this.#done(chunk, {
        rows: rows.length,
        changed: rows.length,
        conflicts: 0,
        poisoned: 0,
      });
    }
    const keys: number[][] = [];
    const result = { rows: work.rows.length, changed: 0, conflicts: 0, poisoned: 0 };
    const bad = work.rows.some(({ row }) => this.rows.get(Number(row['id']))?.bad);
    if (bad) throw new RowError('a row is refused');
    work.rows.forEach(({ row }, index) => {
      const now = this.rows.get(Number(row['id']));
      const change = work.changes[index];
      if (now === undefined) return;
      if (now.n !== row['n'] || now.app !== row['app']) {
        keys.push([now.id]);
        result.conflicts++;
        result.rows--;
      } else if (change?.type === 'set') {
        Object.assign(now, change.values);
        result.changed++;
      } else if (change?.type === 'poison') {
        result.poisoned++;
        this.#setAside([now.id], change.error);
      }
    });
    if (keys.length > 0) this.#open({ keys }, undefined);
    return this.#done(chunk, result);
  }

  #done(chunk: Chunk, result: Omit<ChunkResult, 'durationMs' | 'deleted'>): ChunkResult {
    this.chunks.delete(chunk.n);
    const { rows, changed, conflicts, poisoned } = result;
    this.#add({ rows, changed, conflicts, poisoned, chunksDone: 1 });
    return { ...result, deleted: 0, durationMs: 1 };
  }

  #setAside(key: readonly number[], error: Poisoned['error']): void {
    this.poisonedRows.push({ key, error, attempts: 1, at: new Date(0) });
  }

  giveBack(chunk: Chunk, worker: string, failed: boolean): void {
    const open = this.chunks.get(chunk.n);
    if (open?.worker !== worker) return;
    open.worker = undefined;
    if (failed) open.attempts++;
  }

  letGo(worker: string, holding: readonly number[]): void {
    for (const [n, open] of this.chunks) {
      if (open.worker === worker && !holding.includes(n)) open.worker = undefined;
    }
    if (holding.length === 0) this.#beats.delete(worker);
  }

  split(chunk: Chunk, worker: string): boolean {
    const open = this.chunks.get(chunk.n);
    if (open?.worker !== worker) return true;
    const ids = this.rowsOf(chunk).map(({ id }) => [id]);
    if (ids.length <= 1) return false;
    const half = Math.ceil(ids.length / 2);
    this.chunks.delete(chunk.n);
    this.#open({ keys: ids.slice(0, half) }, undefined);
    this.#open({ keys: ids.slice(half) }, undefined);
    return true;
  }

  poison(chunk: Chunk, worker: string, error: Poisoned['error']): void {
    if (this.chunks.get(chunk.n)?.worker !== worker) return;
    for (const { id } of this.rowsOf(chunk)) this.#setAside([id], error);
    this.chunks.delete(chunk.n);
    this.#add({ poisoned: 1, rows: 1, chunksDone: 1 });
  }

  retryPoisoned(): number {
    const keys = this.poisonedRows.map(({ key }) => key);
    this.poisonedRows = [];
    if (keys.length > 0) {
      this.#open({ keys }, undefined);
      this.#add({ poisoned: -keys.length });
      this.state = 'running';
    }
    return keys.length;
  }

  beat(worker: string): void {
    this.#beats.set(worker, this.#timers.now());
  }

  get workersAlive(): number {
    return this.#beats.size;
  }

  sweepAgain(n: number): void {
    if (n !== this.sweep + 1) return;
    this.sweep = n;
    this.#frontier = 0;
    this.bound = Math.max(0, ...this.rows.keys());
  }

  end(state: LedgerState, summary: Readonly<Record<string, unknown>>): boolean {
    if (this.state !== 'running') return false;
    if (state === 'complete' && (this.chunks.size > 0 || this.#frontier < this.bound)) return false;
    this.state = state;
    this.summary = summary;
    return true;
  }
}

/** What goes wrong with one call: not done at all, or done and the answer lost. */
export type Mishap = 'none' | 'before' | 'after';

export interface Connection {
  /** Decides the fate of each call. */
  mishap(method: string): Mishap;
  /** A process that was killed: its calls never come back. */
  dead: boolean;
  /** Time that a chunk takes. */
  chunkMs?: (chunk: Chunk) => number;
  health?: () => Awaited<ReturnType<Backfills['health']>>;
}

/** The port, over one process's connection to the fake database. */
export function connect(
  database: FakeDatabase,
  timers: FakeTimers,
  connection: Connection,
): Backfills {
  const call = async <T>(method: string, run: () => T): Promise<T> => {
    await timers.breathe();
    if (connection.dead) return new Promise(() => {});
    const mishap = connection.mishap(method);
    if (mishap === 'before') throw new TransientError(`${method}: connection lost`);
    const result = run();
    if (connection.dead) return new Promise(() => {});
    if (mishap === 'after') throw new TransientError(`${method}: answer lost`);
    return result;
  };
  return {
    inspect: async () => ({
      key: ['id'],
      total: database.rows.size,
      exact: true,
      guarantee: 'exactly-once',
      notes: [],
      growingKey: database.growingKey,
    }),
    sample: async (_job: BackfillJob, count: number) =>
      [...database.rows.values()].slice(0, count).map((row) => ({ before: toRead(row) })),
    begin: (job, { mode }) =>
      call('begin', () => {
        if (database.state === undefined) database.definition = job.definition;
        return database.begin(mode === 'again');
      }),
    heartbeat: (_ledger, { id }) =>
      call('heartbeat', () => {
        database.beat(id);
        const head = database.head() as LedgerHead;
        return { ...head, workers: database.workersAlive };
      }),
    claim: (_job, worker, size) => call('claim', () => database.claim(worker, size)),
    read: (_job, chunk) => call('read', () => ({ rows: database.rowsOf(chunk).map(toRead) })),
    apply: async (_job, chunk, worker, work) => {
      await timers.sleep(connection.chunkMs?.(chunk) ?? 1);
      return call('apply', () => database.apply(chunk, worker, work));
    },
    giveBack: (chunk, worker, error) =>
      call('giveBack', () => database.giveBack(chunk, worker, error !== undefined)),
    letGo: (_ledger, worker, holding) => call('letGo', () => database.letGo(worker, holding)),
    split: (_job, chunk, worker) => call('split', () => database.split(chunk, worker)),
    poison: (_job, chunk, worker, error) =>
      call('poison', () => database.poison(chunk, worker, error)),
    poisoned: async () => database.poisonedRows,
    retryPoisoned: async () => database.retryPoisoned(),
    remaining: async () => {
      const left = [...database.rows.values()].filter((row) => database.matches(row));
      const within = database.growingKey ? left.filter(({ id }) => id <= database.bound) : left;
      return { within: within.length, beyond: left.length - within.length };
    },
    count: async (_job, filter) =>
      [...database.rows.values()].filter(filter as (row: FakeRow) => boolean).length,
    sweepAgain: (_job, n) => call('sweepAgain', () => database.sweepAgain(n)),
    end: (_ledger, state, summary) => call('end', () => database.end(state, summary)),
    control: async (_ledger, change) => {
      database.control = { ...database.control, ...change };
      return true;
    },
    head: () => call('head', () => database.head()),
    list: async () => [database.head() as LedgerHead],
    health: async () => connection.health?.() ?? {},
    classify(thrown) {
      const error = toGodwitError(thrown, 'GODWIT_BACKFILL_FAILED').toJSON();
      const kind =
        thrown instanceof TransientError
          ? 'transient'
          : thrown instanceof SlowError
            ? 'slow'
            : thrown instanceof RowError
              ? 'row'
              : 'fatal';
      return { kind, error };
    },
    undo: () => Promise.reject(new GodwitError('GODWIT_UNSUPPORTED', 'not here')),
    close: async () => {},
  };
}

function toRead(row: FakeRow): ReadRow {
  return { key: [row.id], row: { ...row } };
}
