import type { GodwitEvent } from '../../events.ts';
import type { Target } from '../../ports/driver.ts';
import { backfillText, isBackfillEvent } from './backfill-events.ts';
import { backupText, isBackupEvent } from './backup-events.ts';
import type { Live } from './live.ts';
import { plural, showDuration } from './measures.ts';
import type { Style } from './style.ts';
import { isSyncEvent, syncText } from './sync-events.ts';
import { renderTarget, showHolder } from './target.ts';

export interface EventSetting {
  readonly style: Style;
  readonly live: Live;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Targets that were shown already. */
  readonly shown?: Set<string> | undefined;
  /** Writes whole lines for people. */
  readonly write: (text: string) => void;
}

/** Shows events to people, as they happen. */
export function renderEvents(setting: EventSetting): (event: GodwitEvent) => void {
  const seen: Seen = { target: false, waiting: 0, running: undefined };
  return (event) => {
    const text = textOf(event, setting, seen);
    if (text !== undefined && !(setting.quiet && isDetail(event))) setting.write(`${text}\n`);
  };
}

interface Seen {
  target: boolean;
  waiting: number;
  running: { id: string; at: number; statement: string } | undefined;
}

function isDetail(event: GodwitEvent): boolean {
  return event.type === 'run.log' || event.type === 'target' || event.type === 'history.imported';
}

function textOf(event: GodwitEvent, setting: EventSetting, seen: Seen): string | undefined {
  const { style, verbose } = setting;
  switch (event.type) {
    case 'target':
      if (seen.target) return undefined;
      seen.target = true;
      return once(targetText(event.command, event.target, style), setting);
    case 'lock.waiting':
    case 'lock.acquired':
    case 'lock.lost':
    case 'lock.released':
      return lockText(event, setting, seen);
    case 'history.imported':
      return `  Taken over from ${event.mirror}: ${event.ids.join(', ')}`;
    case 'plan.ready':
      return verbose
        ? style.dim(
            `  Plan: ${plural(event.ids.length, 'migration')}, fingerprint ${event.fingerprint}`,
          )
        : undefined;
    case 'validation.started':
    case 'validation.finding':
    case 'validation.ended':
      return validationText(event, setting);
    case 'stopping':
      return `  ${style.yellow(style.signs.warning)} ${event.signal}: stopping ${event.at === 'once' ? 'at once' : 'after what is under way'}`;
    case 'warning':
      return `  ${style.yellow(style.signs.warning)} ${event.message}`;
    default:
      if (isBackfillEvent(event)) return backfillText(event, setting);
      if (isBackupEvent(event)) return backupText(event, setting);
      if (isSyncEvent(event)) return syncText(event, setting);
      return isRunEvent(event) ? runText(event, setting, seen) : undefined;
  }
}

/** What a command works on, on a line of its own. */
export function targetText(command: string, target: Target, style: Style): string {
  return `${style.dim(command)} ${style.signs.arrow} ${renderTarget(target, style)}\n`;
}

function once(text: string, { shown }: EventSetting): string | undefined {
  if (shown?.has(text)) return undefined;
  shown?.add(text);
  return text;
}

type ValidationEvent = Extract<GodwitEvent, { type: `validation.${string}` }>;

/** What was found is told with the result; here only that it is being looked for. */
function validationText(event: ValidationEvent, { style, live, verbose }: EventSetting) {
  if (event.type === 'validation.started') {
    const what = event.id === undefined ? '' : ` after ${event.id}`;
    live.show(() => `  Validating${what}`);
    return undefined;
  }
  if (event.type === 'validation.finding') return undefined;
  live.hide();
  if (!verbose) return undefined;
  const { error, warning } = event.summary;
  const after = event.id ?? event.when;
  return style.dim(
    `  validated (${after}): ${plural(error, 'error')}, ${plural(warning, 'warning')} in ${showDuration(event.durationMs)}`,
  );
}

type LockEvent = Extract<GodwitEvent, { type: `lock.${string}` }>;

function lockText(event: LockEvent, { style, live }: EventSetting, seen: Seen): string | undefined {
  switch (event.type) {
    case 'lock.waiting': {
      const holder = event.holder ? showHolder(event.holder) : 'somebody';
      const left = () => `${showDuration(event.waitedMs)} of ${showDuration(event.timeoutMs)}`;
      live.show(() => `  Waiting for the lock, ${left()}`);
      // Said once, and again every ten seconds for those who read a log.
      if (seen.waiting > 0 && event.waitedMs - seen.waiting < 10_000) return undefined;
      seen.waiting = Math.max(1, event.waitedMs);
      return `  Waiting for the lock, up to ${showDuration(event.timeoutMs)}: held by ${holder}`;
    }
    case 'lock.acquired':
      live.hide();
      if (event.succeeded) return `  Took over from ${showHolder(event.succeeded)}`;
      return seen.waiting > 0 ? `  Got the lock after ${showDuration(event.waitedMs)}` : undefined;
    case 'lock.lost':
      live.hide();
      return `  ${style.red(style.signs.failed)} ${event.error.message}`;
    case 'lock.released':
      live.hide();
      return undefined;
  }
}

type RunEvent = Extract<GodwitEvent, { type: `run.${string}` }>;

/** What this file does not know yet is not shown. */
function isRunEvent(event: GodwitEvent): event is RunEvent {
  return event.type.startsWith('run.');
}

function runText(event: RunEvent, setting: EventSetting, seen: Seen): string | undefined {
  const { style, live, verbose } = setting;
  switch (event.type) {
    case 'run.started': {
      const running = { id: event.id, at: performance.now(), statement: '' };
      seen.running = running;
      live.show(() => liveLine(running, event, style));
      return verbose
        ? style.dim(`  ${event.direction} ${event.id} (${event.index + 1} of ${event.total})`)
        : undefined;
    }
    case 'run.log':
      return style.dim(indent(event.message));
    case 'run.statement':
      if (seen.running) seen.running.statement = `statement ${event.statement} of ${event.total}`;
      return verbose
        ? style.dim(`      statement ${event.statement} of ${event.total}`)
        : undefined;
    case 'run.retrying': {
      const blockers =
        event.blockers.length > 0 ? `; in the way: ${event.blockers.join(', ')}` : '';
      return `    ${style.yellow(style.signs.warning)} ${event.reason}; try ${event.attempt} in ${showDuration(event.delayMs)}${blockers}`;
    }
    case 'run.ended':
      live.hide();
      seen.running = undefined;
      return endedText(event, style);
  }
}

function liveLine(
  running: NonNullable<Seen['running']>,
  { direction, index, total }: Extract<RunEvent, { type: 'run.started' }>,
  style: Style,
): string {
  const elapsed = showDuration(performance.now() - running.at);
  const place = total > 1 ? `${index + 1}/${total}` : '';
  const facts = [place, running.statement, elapsed].filter((fact) => fact !== '').join(', ');
  return `  ${style.signs.pending} ${direction === 'down' ? 'reverting ' : ''}${running.id}  (${facts})`;
}

function endedText(
  { id, outcome }: Extract<RunEvent, { type: 'run.ended' }>,
  style: Style,
): string {
  const time = style.dim(showDuration(outcome.durationMs));
  switch (outcome.status) {
    case 'applied':
      return `  ${style.green(style.signs.done)} ${id}  ${time}`;
    case 'reverted':
      return `  ${style.green(style.signs.done)} ${id}  reverted  ${time}`;
    case 'stopped':
      return `  ${style.yellow(style.signs.warning)} ${id}  stopped  ${time}`;
    case 'failed':
      return `  ${style.red(style.signs.failed)} ${id}  failed  ${time}`;
  }
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
