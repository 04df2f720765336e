import { type ErrorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import type { Emit } from '../../events.ts';
import type { SyncOperation } from '../../ports/definition.ts';
import type { Session } from '../../ports/session.ts';
import type { SyncReport, SyncResult } from './types.ts';

export interface Applying {
  readonly session: Session;
  readonly emit: Emit;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
  /** Whether anything may be taken away. */
  readonly removals: boolean;
}

const STATUSES = ['done', 'failed', 'blocked', 'waiting', 'withheld', 'skipped'] as const;

/** Does what can be done, in order. What is taken away stays where its new one failed. */
export async function applyPlan(
  operations: readonly SyncOperation[],
  applying: Applying,
): Promise<SyncResult[]> {
  const { emit, stop, session, removals } = applying;
  const results: SyncResult[] = [];
  const failed = new Set<string>();
  const due = operations.filter(({ status }) => status === 'pending').length;
  let index = 0;
  for (const operation of operations) {
    const { status, destructive, collection } = operation;
    const settle = (as: SyncResult['status']): unknown =>
      results.push({ ...operation, status: as, durationMs: 0 });
    if (status === 'blocked') failed.add(collection);
    if (status !== 'pending') settle(status);
    else if (destructive && !removals) settle('withheld');
    else if (stop.aborted || session.lost.aborted) settle('skipped');
    else if (operation.action === 'drop-index' && failed.has(collection)) settle('skipped');
    else {
      emit({ type: 'sync.operation', operation, index: index++, total: due });
      const result = await applyOne(operation, applying);
      if (result.status === 'failed') failed.add(collection);
      results.push(result);
    }
  }
  return results;
}

async function applyOne(
  operation: SyncOperation,
  { session, emit, abort }: Applying,
): Promise<SyncResult> {
  const started = performance.now();
  const ended = (): number => Math.round(performance.now() - started);
  try {
    await session.applyDefinition?.(operation, { emit, abort });
    const durationMs = ended();
    emit({ type: 'sync.done', operation, status: 'done', durationMs });
    return { ...operation, status: 'done', durationMs };
  } catch (thrown) {
    const error = toGodwitError(thrown, 'GODWIT_DEFINITION_FAILED').toJSON();
    const durationMs = ended();
    emit({ type: 'sync.done', operation, status: 'failed', durationMs, error });
    return { ...operation, status: 'failed', durationMs, error };
  }
}

export function reportOf(
  definitions: readonly SyncResult[],
  { session, stop }: Pick<Applying, 'session' | 'stop'>,
  started: number,
): SyncReport {
  const count = (status: SyncResult['status']): number =>
    definitions.filter((one) => one.status === status).length;
  const summary = Object.fromEntries(
    STATUSES.map((status) => [status, count(status)]),
  ) as SyncReport['summary'];
  const error = endOf(definitions, session, stop);
  const durationMs = Math.round(performance.now() - started);
  return { definitions, summary, durationMs, ...(error && { error }) };
}

/** What the whole ended with, when not everything is in line now. */
function endOf(
  definitions: readonly SyncResult[],
  session: Session,
  stop: AbortSignal,
): ErrorInfo | undefined {
  if (session.lost.aborted) return toGodwitError(session.lost.reason, 'GODWIT_LOCK_LOST').toJSON();
  const of = (status: SyncResult['status']) => definitions.filter((one) => one.status === status);
  if (stop.aborted && of('skipped').length > 0) {
    return new GodwitError(
      'GODWIT_STOPPED',
      `Stopped after ${of('done').length} of ${definitions.length}.`,
      {
        state: 'What was finished is recorded; the lock is released.',
        next: ['go on: godwit sync'],
      },
    ).toJSON();
  }
  const [firstFailed] = of('failed');
  if (firstFailed?.error) return firstFailed.error;
  const blocked = of('blocked');
  const [firstBlocked] = blocked;
  if (firstBlocked === undefined) return undefined;
  const rebuilds = blocked.every((one) => one.fix?.includes('--rebuild'));
  const listed = blocked.map((one) => `${one.id}: ${one.reasons.join('; ')}`);
  const message =
    listed.length === 1
      ? `One definition could not be brought about: ${listed[0]}.`
      : `${listed.length} definitions could not be brought about:\n${listed.map((one) => `  - ${one}`).join('\n')}`;
  const code = rebuilds ? 'GODWIT_REBUILD_NEEDED' : 'GODWIT_DEFINITION_FAILED';
  return new GodwitError(code, message, {
    state:
      of('skipped').length > 0
        ? 'What was not in the way is done; nothing was dropped where something could not be.'
        : 'Everything else is as it is defined.',
    next: [...new Set(blocked.flatMap((one) => one.fix ?? []))],
  }).toJSON();
}
