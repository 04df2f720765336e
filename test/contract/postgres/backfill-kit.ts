import { randomUUID } from 'node:crypto';
import type { Backfills } from '../../../src/ports/backfill.ts';
import type {
  BackfillJob,
  Chunk,
  ChunkResult,
  ReadRow,
  RowChange,
} from '../../../src/ports/backfill-job.ts';
import type { Driver } from '../../../src/ports/driver.ts';
import type { Actor } from '../../../src/ports/history.ts';

export const ACTOR: Actor = { host: 'test', user: 'test', pid: process.pid, godwit: '0' };

export function jobOf(
  given: Partial<BackfillJob> & Pick<BackfillJob, 'target' | 'change'>,
): BackfillJob {
  return {
    ledger: `backfill:${given.target}`,
    name: given.target,
    order: 'ascending',
    touched: false,
    definition: 'one',
    ...given,
  };
}

export function openDriver(url: string, more: { role?: string } = {}): Promise<Driver> {
  const name = url.startsWith('pglite:') ? 'pglite' : 'postgres';
  return import(`../../../src/drivers/${name}/driver.ts`).then(({ open }) =>
    open({
      url,
      root: process.cwd(),
      store: { schema: 'godwit', prefix: 'godwit_' },
      connectTimeoutMs: 5_000,
      lock: 'auto',
      emit: () => {},
      ...more,
    }),
  );
}

export type Draw = (row: ReadRow['row']) => RowChange;

export interface DrainOptions {
  readonly worker?: string;
  readonly size?: number;
  readonly lanes?: number;
  readonly draw?: Draw;
  /** Between reading and applying. */
  readonly between?: (chunk: Chunk) => Promise<void>;
  readonly onChunk?: () => void;
}

/** The plainest loop there can be over the port: claims, works and retries until nothing is left. */
export async function drain(
  backfills: Backfills,
  job: BackfillJob,
  { worker = randomUUID(), size = 100, lanes = 1, draw, between, onChunk }: DrainOptions = {},
): Promise<ChunkResult[]> {
  const results: ChunkResult[] = [];
  await backfills.heartbeat(job.ledger, { id: worker, by: ACTOR, rows: 0 });
  const beat = setInterval(() => {
    void backfills.heartbeat(job.ledger, { id: worker, by: ACTOR, rows: 0 }).catch(() => {});
  }, 1_000);
  const lane = async (): Promise<void> => {
    for (;;) {
      try {
        const chunk = await backfills.claim(job, worker, size);
        if (!chunk) {
          const head = await backfills.head(job.ledger);
          if (head?.state !== 'running') return;
          if (head.progress.cut && head.progress.chunksOpen === 0) return;
          await new Promise((resolve) => setTimeout(resolve, 100));
          continue;
        }
        const result = await work(backfills, job, chunk, worker, draw, between);
        if (result) results.push(result);
        if (result) onChunk?.();
      } catch (error) {
        const fault = backfills.classify(error);
        if (fault.kind !== 'transient') throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
        // What another lane holds is taken from it too: its work is then no longer its own.
        await backfills.letGo(job.ledger, worker, [0]).catch(() => {});
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    clearInterval(beat);
  }
  await backfills.letGo(job.ledger, worker, []);
  return results;
}

async function work(
  backfills: Backfills,
  job: BackfillJob,
  chunk: Chunk,
  worker: string,
  draw: Draw | undefined,
  between: DrainOptions['between'],
): Promise<ChunkResult | undefined> {
  if (job.change.type !== 'transform') return backfills.apply(job, chunk, worker);
  const { rows } = await backfills.read(job, chunk);
  await between?.(chunk);
  const changes = rows.map(({ row }) => (draw as Draw)(row));
  return backfills.apply(job, chunk, worker, { rows, changes });
}

export const BEGIN = { mode: 'resume', acceptDefinition: false, by: ACTOR } as const;
/** How an undo is asked for, but for its batch. */
export const UNDO = {
  worker: { id: 'undo', by: ACTOR, rows: 0 },
  signal: new AbortController().signal,
  onBegun: () => {},
  onProgress: () => {},
} as const;
