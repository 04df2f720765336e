import type { GodwitEvent } from '../../events.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** How bad an event is, and what it says in one line. */
export function describeEvent(event: GodwitEvent): { level: Level; message: string } {
  const message = messageOf(event);
  return { level: levelOf(event), message: message.split('\n')[0] ?? '' };
}

function levelOf(event: GodwitEvent): Level {
  switch (event.type) {
    case 'run.statement':
    case 'backfill.progress':
    case 'backup.progress':
      return 'debug';
    case 'warning':
    case 'run.retrying':
    case 'backfill.retry':
    case 'stopping':
      return 'warn';
    case 'lock.lost':
    case 'command.failed':
      return 'error';
    case 'run.ended':
      return event.outcome.status === 'failed' ? 'error' : 'info';
    case 'backfill.ended':
    case 'backup.ended':
      return event.error === undefined ? 'info' : 'error';
    case 'validation.finding':
      return event.finding.severity === 'warning' ? 'warn' : event.finding.severity;
    case 'validation.ended':
      return event.summary.error > 0 ? 'error' : 'info';
    default:
      return 'info';
  }
}

function messageOf(event: GodwitEvent): string {
  switch (event.type) {
    case 'target':
      return `${event.command} on ${event.target.driver} ${event.target.database} at ${event.target.host}`;
    case 'lock.waiting':
      return `waiting for the lock for ${event.waitedMs} ms of ${event.timeoutMs}`;
    case 'lock.acquired':
      return `lock taken, fence ${event.fence}`;
    case 'lock.lost':
      return event.error.message;
    case 'lock.released':
      return `lock released, fence ${event.fence}`;
    case 'history.imported':
      return `taken over from ${event.mirror}: ${event.ids.join(', ')}`;
    case 'plan.ready':
      return `plan ${event.fingerprint}: ${event.direction} ${event.ids.length}`;
    case 'stopping':
      return `${event.signal}: stopping ${event.at}`;
    case 'warning':
      return event.message;
    case 'command.failed':
      return `${event.command} failed: ${event.error.code} ${event.error.message}`;
    case 'validation.finding':
      return `${event.finding.code}: ${event.finding.message}`;
    case 'validation.ended':
      return `validated: ${event.summary.error} errors, ${event.summary.warning} warnings, ${event.summary.info} notes`;
    default:
      if (isBackfill(event)) return backfillMessage(event);
      return isRun(event) ? runMessage(event) : event.type;
  }
}

type RunEvent = Extract<GodwitEvent, { type: `run.${string}` }>;
type BackfillEvent = Extract<GodwitEvent, { type: `backfill.${string}` }>;

/** What this file does not know yet is written with its type alone. */
function isRun(event: GodwitEvent): event is RunEvent {
  return event.type.startsWith('run.');
}

function isBackfill(event: GodwitEvent): event is BackfillEvent {
  return event.type.startsWith('backfill.');
}

function runMessage(event: RunEvent): string {
  const { id } = event;
  switch (event.type) {
    case 'run.started':
      return `${event.direction} ${id} begins (${event.index + 1} of ${event.total})`;
    case 'run.log':
      return `${id}: ${event.message}`;
    case 'run.statement':
      return `${id}: statement ${event.statement} of ${event.total}`;
    case 'run.retrying':
      return `${id}: ${event.reason}; try ${event.attempt} in ${event.delayMs} ms`;
    case 'run.ended': {
      const { status, durationMs, error } = event.outcome;
      return `${id} ${status} after ${durationMs} ms${error ? `: ${error.code} ${error.message}` : ''}`;
    }
  }
}

function backfillMessage(event: BackfillEvent): string {
  const { name } = event;
  switch (event.type) {
    case 'backfill.started':
      return `${name} begins: ${event.total} rows of ${event.target}`;
    case 'backfill.progress':
      return `${name}: ${event.progress.rows} of ${event.total} rows, ${Math.round(event.rate)} a second`;
    case 'backfill.paused':
      return event.reason === undefined ? `${name} goes on` : `${name} rests: ${event.reason}`;
    case 'backfill.retry':
      return `${name}: chunk ${event.chunk ?? '?'}, ${event.action}: ${event.error.message}`;
    case 'backfill.ended':
      return `${name} ended ${event.summary.state}${event.error ? `: ${event.error.message}` : ''}`;
  }
}
