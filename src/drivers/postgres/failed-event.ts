import type { RunHeader } from '../../ports/history.ts';
import type { Job, Outcome } from '../../ports/session.ts';

/** What the history says of a run that failed. */
export function failedEvent(job: Job, { effect, durationMs, error }: Outcome) {
  return {
    ...knownHeader(job.header),
    event: 'ended',
    status: 'failed',
    effect,
    via: 'run',
    durationMs,
    error,
    backup: job.backup,
  } as const;
}

/** Without the hash of a long file that is another by now, which cannot be read any more. */
function knownHeader(header: RunHeader): RunHeader {
  try {
    return { ...header };
  } catch {
    const { normalized: _, ...known } = Object.getOwnPropertyDescriptors(header);
    return Object.defineProperties({}, known) as RunHeader;
  }
}
