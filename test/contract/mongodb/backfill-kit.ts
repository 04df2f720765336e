import { openBackfills } from '../../../src/drivers/mongodb/backfill/backfills.ts';
import type { Backfills } from '../../../src/ports/backfill.ts';
import type {
  BackfillJob,
  ChunkResult,
  ReadRow,
  RowChange,
} from '../../../src/ports/backfill-job.ts';
import { ACTOR } from './kit.ts';

export function openBackfillsAt(
  url: string,
  root: string = process.cwd(),
): ReturnType<typeof openBackfills> {
  return openBackfills(
    {
      url,
      root,
      store: { schema: 'godwit', prefix: 'godwit_' },
      connectTimeoutMs: 5000,
      lock: 'auto',
      emit: () => {},
    },
    6,
  );
}

export function jobOf(more: Partial<BackfillJob> = {}): BackfillJob {
  return {
    ledger: 'backfill:test',
    name: 'test',
    target: 'things',
    change: { type: 'set', set: [{ $set: { n: { $add: ['$n', 1] } } }] },
    order: 'ascending',
    touched: false,
    definition: 'd1',
    ...more,
  };
}

export const RESUME = { mode: 'resume', acceptDefinition: false, by: ACTOR } as const;
/** How an undo is asked for, but for its batch. */
export const UNDO = {
  worker: { id: 'undo', by: ACTOR, rows: 0 },
  signal: new AbortController().signal,
  onBegun: () => {},
  onProgress: () => {},
} as const;

export type RowTransform = (row: ReadRow['row']) => RowChange;

/** `n + 1`: wrong if it is applied twice. */
export const addOne: RowTransform = (row) => ({
  type: 'set',
  values: { n: (row['n'] as number) + 1 },
});

export interface LoopOptions {
  readonly worker?: string;
  readonly size?: number;
  readonly transform?: RowTransform;
  /** How many chunks at once. */
  readonly lanes?: number;
  readonly onChunk?: (result: ChunkResult) => unknown;
  readonly signal?: AbortSignal;
}

/** What an engine does, at its simplest: claim, read, transform, apply, until it is complete. */
export async function runLoop(
  backfills: Backfills,
  job: BackfillJob,
  options: LoopOptions = {},
): Promise<void> {
  const { worker = `w${process.pid}`, lanes = 2 } = options;
  const beat = async (): Promise<unknown> =>
    backfills.heartbeat(job.ledger, { id: worker, by: ACTOR, rows: 0 }).catch(() => {});
  await beat();
  const timer = setInterval(() => void beat(), 2000);
  try {
    await Promise.all(
      Array.from({ length: lanes }, () => runLane(backfills, job, worker, options)),
    );
  } finally {
    clearInterval(timer);
  }
}

async function runLane(
  backfills: Backfills,
  job: BackfillJob,
  worker: string,
  { size = 100, transform, onChunk, signal }: LoopOptions,
): Promise<void> {
  while (!signal?.aborted) {
    try {
      const chunk = await backfills.claim(job, worker, size);
      if (chunk === undefined) {
        const head = await backfills.head(job.ledger);
        if (head?.state !== 'running') return;
        if (await backfills.end(job.ledger, 'complete', {})) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      try {
        let work: Parameters<Backfills['apply']>[3];
        if (job.change.type === 'transform') {
          const { rows } = await backfills.read(job, chunk);
          work = { rows, changes: rows.map(({ row }) => (transform ?? addOne)(row)) };
        }
        const result = await backfills.apply(job, chunk, worker, work);
        if (result) await onChunk?.(result);
      } catch (error) {
        const fault = backfills.classify(error);
        if (fault.kind !== 'transient') throw error;
        await persist(backfills, () => backfills.giveBack(chunk, worker, fault.error));
      }
    } catch (error) {
      if (backfills.classify(error).kind !== 'transient') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** What is not given back is nobody's to take while this process lives. */
async function persist(backfills: Backfills, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (backfills.classify(error).kind !== 'transient') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
