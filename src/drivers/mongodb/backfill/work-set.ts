import type { ClientSession } from 'mongodb';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { toUpdate } from './change.ts';
import type { ChunkDocument } from './documents.ts';
import { type Done, NOTHING } from './outcome.ts';
import type { Parts } from './parts.ts';
import { chunkQuery } from './ranges.ts';
import type { Target } from './target.ts';
import { keepTouched, preImages } from './touched.ts';
import { runUpdates } from './update.ts';

/** One `updateMany` over the range: nothing comes here. */
export async function workSet(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  chunk: ChunkDocument,
  session: ClientSession | undefined,
): Promise<Done> {
  const q = chunkQuery(target.shape, chunk, job.filter);
  const before = job.touched ? await preImages(parts, job, q, session, target.hint) : undefined;
  const statement = { q, u: toUpdate(job), multi: true, hint: target.hint };
  const { matched, changed } = await runUpdates(parts, job, [statement], session);
  if (before) await keepTouched(parts, job, chunk, before, session);
  return { ...NOTHING, rows: matched, changed };
}
