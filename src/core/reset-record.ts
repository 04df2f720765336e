import type { EndedEvent, RunHeader, StartedEvent, VersionRecord } from '../ports/history.ts';
import type { LockHolder } from '../ports/session.ts';
import type { SourceProblem } from '../ports/source.ts';
import { recordKey } from './fold.ts';

const RESET = { kind: 'definition', version: 'reset', id: 'reset', name: 'reset' } as const;

/** Written before the first thing goes: the history goes last, and must not lie meanwhile. */
export function resetBegun(of: Pick<RunHeader, 'run' | 'by' | 'fence'>): StartedEvent {
  return { ...of, ...RESET, direction: 'down', event: 'started', resume: 'ask' };
}

/** Nothing was dropped after all. */
export function resetRefused(begun: StartedEvent, error: EndedEvent['error']): EndedEvent {
  const { resume: _resume, ...header } = begun;
  return {
    ...header,
    event: 'ended',
    status: 'failed',
    effect: 'none',
    via: 'run',
    durationMs: 0,
    ...(error && { error }),
  };
}

/** A reset that began and did not arrive: what the history says applied may be gone. */
export function unfinishedReset(
  records: readonly VersionRecord[],
  holder: LockHolder | undefined,
  database: string,
): SourceProblem | undefined {
  const key = recordKey(RESET);
  const record = records.find((one) => recordKey(one) === key);
  if (record?.state !== 'open') return undefined;
  const running = holder?.alive && holder.fence === record.fence;
  return {
    code: 'GODWIT_RESET_UNFINISHED',
    message: running
      ? 'A reset is under way: what the history says applied is being dropped.'
      : 'A reset was interrupted: some of what the history says applied is gone.',
    files: [],
    fix: running
      ? 'wait for it, then: godwit status'
      : `finish it: godwit reset --database-name ${database}, or go back: godwit backup restore`,
  };
}
