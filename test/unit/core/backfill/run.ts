import { type Draw, drawEach } from '../../../../src/core/backfill/draw.ts';
import { resolveBackfill } from '../../../../src/core/backfill/resolve.ts';
import {
  type BackfillResult,
  type RunParts,
  runBackfill,
} from '../../../../src/core/backfill/run-backfill.ts';
import type { GodwitEvent } from '../../../../src/events.ts';
import type { BackfillSpec, Transform } from '../../../../src/ports/backfill-spec.ts';
import { type Connection, connect, type FakeDatabase, type FakeRow } from './fake-backfills.ts';
import type { FakeTimers } from './fake-timers.ts';

export const increment = ({ n }: FakeRow) => ({ n: n + 1 });

export interface FakeProcess {
  readonly result: Promise<BackfillResult>;
  readonly events: GodwitEvent[];
  stop(): void;
  /** As kill -9 would. */
  kill(): void;
}

let processes = 0;

/** Starts one process on the fake database, and does not wait. */
export function startProcess(
  database: FakeDatabase,
  timers: FakeTimers,
  spec: Partial<BackfillSpec> = {},
  connection: Partial<Connection> = {},
): FakeProcess {
  const line: Connection = { mishap: () => 'none', dead: false, ...connection };
  const stop = new AbortController();
  const abort = new AbortController();
  const events: GodwitEvent[] = [];
  const change = spec.set ?? spec.transform ?? increment;
  const full: BackfillSpec = {
    collection: 'rows',
    ...(typeof change === 'function' ? { transform: change as Transform } : { set: change }),
    ...spec,
  };
  const { job, plan } = resolveBackfill(full, {
    ledger: 'backfill:fake',
    name: 'fake',
    sql: false,
  });
  const draw: Draw | undefined =
    job.change.type === 'transform' ? drawEach(full.transform as Transform, timers) : undefined;
  const parts: RunParts = {
    backfills: connect(database, timers, line),
    job,
    plan,
    spec: full,
    draw,
    worker: { id: `worker-${++processes}`, by: { host: 'h', user: 'u', pid: 1, godwit: '0' } },
    timers,
    emit: (event) => events.push(event),
    stop: stop.signal,
    abort: abort.signal,
    begin: { mode: 'resume', acceptDefinition: false },
  };
  const result = runBackfill(parts);
  result.catch(() => undefined);
  return {
    result,
    events,
    stop: () => stop.abort(),
    kill: () => {
      line.dead = true;
      abort.abort();
    },
  };
}
