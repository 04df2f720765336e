import { randomUUID } from 'node:crypto';
import { unfinishedReset } from '../../core/reset-record.ts';
import { fingerprintOf } from '../../core/sync/diff.ts';
import { GodwitError } from '../../errors.ts';
import type { Actor, RunHeader } from '../../ports/history.ts';
import type { Session } from '../../ports/session.ts';
import { currentActor } from '../actor.ts';
import type { Project } from '../project.ts';
import { refuseHalfReset } from '../with-session.ts';
import { type Applying, applyPlan, reportOf } from './apply-plan.ts';
import { planSync, readerOf } from './plan-sync.ts';
import type { SyncOptions, SyncPlan, SyncReport } from './types.ts';

/** Brings the database in line with what is defined, under the migrations' lock. */
export async function runSync(project: Project, options: SyncOptions): Promise<SyncReport> {
  const started = performance.now();
  const [settings, driver] = await Promise.all([project.settings(), project.driver()]);
  await readerOf(driver);
  const command = project.options.command ?? 'sync';
  const { emit } = project;
  emit({ type: 'target', target: driver.target, command });
  const stop = options.signal ?? new AbortController().signal;
  const abort = options.abort ?? new AbortController().signal;
  const by = currentActor(settings.root);
  const { lockTimeoutMs: timeoutMs, lockLeaseMs: leaseMs, production } = settings;
  const session = await driver.acquire({ by, command, timeoutMs, leaseMs, signal: stop, emit });
  try {
    const history = await driver.history.versions();
    refuseHalfReset(unfinishedReset(history, undefined, driver.target.database));
    const plan = await planSync(project, options);
    if (options.plan !== undefined && options.plan !== plan.fingerprint)
      throw changed(options.plan, plan);
    if (production && options.confirmed !== true) refuseRemovals(plan);
    const applying = { session, emit, stop, abort, removals: true };
    return await applyRecorded(plan, applying, by, started);
  } finally {
    await session.release();
    emit({ type: 'lock.released', fence: session.fence });
  }
}

/** Applies a plan and writes it into the history, when there is something to do. */
export async function applyRecorded(
  plan: SyncPlan,
  applying: Applying,
  by: Actor,
  started: number,
): Promise<SyncReport> {
  const { session, emit } = applying;
  const { definitions } = plan;
  const due = definitions.filter(
    ({ status, destructive }) => status === 'pending' && (applying.removals || !destructive),
  );
  if (due.length === 0) return reportOf(await applyPlan(definitions, applying), applying, started);
  emit({ type: 'sync.started', operations: definitions });
  const header = headerOf(session, by, plan);
  // Begun again it does what is left to do.
  await session.append([{ ...header, event: 'started', resume: 'restart' }], []);
  const results = await applyPlan(definitions, applying);
  const report = reportOf(results, applying, started);
  const failed = report.summary.failed > 0 || report.summary.skipped > 0;
  if (session.lost.aborted) return report;
  const result = results.map(({ id, status, durationMs }) => ({ id, status, durationMs }));
  const error = results.find((one) => one.error)?.error;
  await session.append(
    [
      {
        ...header,
        event: 'ended',
        status: failed ? 'failed' : 'applied',
        effect: failed ? 'partial' : 'complete',
        via: 'run',
        durationMs: report.durationMs,
        result,
        ...(error && { error }),
      },
    ],
    [],
  );
  return report;
}

function headerOf(session: Session, by: Actor, { definitions }: SyncPlan): RunHeader {
  return {
    run: randomUUID(),
    kind: 'definition',
    version: 'sync',
    id: 'sync',
    name: 'sync',
    direction: 'up',
    checksum: fingerprintOf(definitions),
    by,
    fence: session.fence,
  };
}

function changed(asked: string, { fingerprint }: SyncPlan): GodwitError {
  return new GodwitError(
    'GODWIT_PLAN_CHANGED',
    `The difference is no longer ${asked}: it is ${fingerprint} now, because the definitions or the database changed in between.`,
    { state: 'Nothing was changed.', next: ['look at it again: godwit sync --check'] },
  );
}

function refuseRemovals({ definitions }: SyncPlan): void {
  const removals = definitions.filter(
    ({ destructive, status }) => destructive && status === 'pending',
  );
  if (removals.length === 0) return;
  throw new GodwitError(
    'GODWIT_CONFIRMATION_NEEDED',
    `This is production, and something would be taken away: ${removals.map(({ id }) => id).join(', ')}.`,
    {
      state: 'Nothing was changed.',
      next: ['if it is meant: godwit sync --yes', 'without removals: godwit sync --keep'],
    },
  );
}
