import { randomUUID } from 'node:crypto';
import { type DryRun, dryRun } from '../../core/backfill/dry-run.ts';
import { type ResolvedBackfill, resolveBackfill } from '../../core/backfill/resolve.ts';
import {
  type BackfillResult,
  drainBackfill,
  runBackfill,
} from '../../core/backfill/run-backfill.ts';
import type { WorkEnd, WorkParts } from '../../core/backfill/work-parts.ts';
import { GodwitError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { Backfills, BeginOptions } from '../../ports/backfill.ts';
import type { BackfillJob } from '../../ports/backfill-job.ts';
import type { BackfillOverrides, BackfillSpec } from '../../ports/backfill-spec.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Actor } from '../../ports/history.ts';
import { realTimers } from '../../worker/timers.ts';
import { type OpenedTransform, openTransform, readTransformModule } from './transform.ts';

/** A backfill as it is about to be worked on. */
export interface BackfillRequest {
  readonly driver: Driver;
  readonly by: Actor;
  readonly emit: Emit;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
  readonly spec: BackfillSpec;
  readonly ledger: string;
  /** When the definition has none. */
  readonly name: string;
  readonly file?: string | undefined;
  /** What a transform's relative path is relative to. */
  readonly folder: string;
  readonly overrides?: BackfillOverrides | undefined;
}

/** Beside the lanes: the heartbeat, and what other commands ask. */
const SPARE_CONNECTIONS = 1;

/** Begins, resumes or joins it, and works until it ends. */
export function performBackfill(
  request: BackfillRequest,
  begin: Omit<BeginOptions, 'by'>,
): Promise<BackfillResult> {
  return withEngine(request, ({ parts, resolved }) =>
    runBackfill({ ...parts, spec: resolved.spec, begin }),
  );
}

export function drainChunks(request: BackfillRequest, chunks: number): Promise<WorkEnd> {
  return withEngine(request, ({ parts }) => drainBackfill(parts, chunks));
}

export function rehearseBackfill(request: BackfillRequest): Promise<DryRun> {
  return withEngine(request, ({ parts, transform }) =>
    dryRun({ ...parts, signal: request.abort, threads: transform.threads }),
  );
}

/** Does something else with a backfill's job, such as undoing it. */
export function withJob<T>(
  request: BackfillRequest,
  work: (backfills: Backfills, job: BackfillJob) => Promise<T>,
): Promise<T> {
  const { job } = resolve(request).resolved;
  return withBackfills(request.driver, 1 + SPARE_CONNECTIONS, (backfills) => work(backfills, job));
}

interface Engine {
  readonly parts: WorkParts;
  readonly resolved: ResolvedBackfill;
  readonly transform: OpenedTransform;
}

function resolve(request: BackfillRequest) {
  const { spec, driver, folder, ledger, name, file, overrides } = request;
  const { sql } = driver.capabilities;
  // Checked first: a transform of a wrong type is no path.
  resolveBackfill(spec, { ledger, name, sql, file });
  const module = readTransformModule(spec, folder);
  const text = module?.text;
  return {
    module,
    resolved: resolveBackfill(spec, { ledger, name, sql, file, overrides, module: text }),
  };
}

async function withEngine<T>(
  request: BackfillRequest,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { module, resolved } = resolve(request);
  const { job, plan } = resolved;
  const connections = plan.lanes.max + SPARE_CONNECTIONS;
  return withBackfills(request.driver, connections, async (backfills) => {
    const transform = await openTransform(request.spec, module, backfills.bson);
    try {
      const { by, emit, stop, abort } = request;
      const worker = { id: workerId(by), by };
      const parts = { backfills, job, plan, draw: transform.draw, worker, emit, stop, abort };
      return await work({ parts: { ...parts, timers: realTimers }, resolved, transform });
    } finally {
      await transform.close();
    }
  });
}

/** Opens connections of their own for as long as the work lasts. */
export async function withBackfills<T>(
  driver: Driver,
  connections: number,
  work: (backfills: Backfills) => Promise<T>,
): Promise<T> {
  if (driver.backfills === undefined) {
    throw new GodwitError('GODWIT_UNSUPPORTED', `The driver ${driver.name} has no backfills.`);
  }
  const backfills = await driver.backfills({ connections });
  try {
    return await work(backfills);
  } finally {
    await backfills.close();
  }
}

export function workerId({ host, pid }: Actor): string {
  return `${host}:${pid}:${randomUUID().slice(0, 8)}`;
}
