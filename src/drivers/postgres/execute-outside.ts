import type { Job, Outcome } from '../../ports/driver.ts';
import { appendEvents } from './append.ts';
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
