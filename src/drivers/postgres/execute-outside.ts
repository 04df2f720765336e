import { GodwitError } from '../../errors.ts';
import type { Job, Outcome } from '../../ports/session.ts';
import { appendEvents } from './append.ts';
import { withEffect } from './effect.ts';
import { type CodeWork, runCodeOutside } from './execute-code.ts';
import type { Interrupts } from './interrupt.ts';
import { appliedStatus, enterSession, type Workplace } from './workplace.ts';

/** A code migration that declares `transaction: false`. */
export async function executeOutside(
  place: Workplace,
  job: Job,
  work: CodeWork,
  interrupts: Interrupts,
): Promise<Outcome> {
  const started = performance.now();
  if (!place.keepsSession && place.store.role !== undefined) {
    throw withEffect(needsSession(job), 'none');
  }
  await appendEvents(place, [{ ...job.header, event: 'started', resume: job.resume }], []);
  await enterSession(place);
  const result = await runCodeOutside(place, job, work, interrupts);
  const outcome: Outcome = {
    status: appliedStatus(job),
    effect: 'complete',
    durationMs: Math.round(performance.now() - started),
    transactional: false,
    recorded: true,
    ...(result !== undefined && { result }),
  };
  await recordEnd(place, job, outcome);
  return outcome;
}

/** A pooler in transaction mode would leave the role with somebody else's server. */
function needsSession({ header }: Job): GodwitError {
  return new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${header.id} runs outside a transaction and under a role: that cannot be done behind a pooler in transaction mode.`,
    {
      state: 'Nothing of it was run.',
      next: ['run it with a URL that leads to the server itself: godwit up --url <direct url>'],
    },
  );
}

export async function recordEnd(place: Workplace, job: Job, outcome: Outcome): Promise<void> {
  const { durationMs, effect, result } = outcome;
  await appendEvents(
    place,
    [
      {
        ...job.header,
        event: 'ended',
        status: appliedStatus(job),
        effect,
        via: 'run',
        durationMs,
        result,
        backup: job.backup,
      },
    ],
    job.mirrors,
  );
}
