import type { GodwitEvent } from '../../events.ts';
import type { EventSetting } from './events.ts';
import { plural, showDuration } from './measures.ts';
import type { Style } from './style.ts';

export type BackfillEvent = Extract<GodwitEvent, { type: `backfill.${string}` }>;

const BAR_WIDTH = 20;
/** How often those who read a log are told. */
const SAID_EVERY_MS = 10_000;

/** When this reader was told last. */
const saidAt = new WeakMap<EventSetting, number>();

export function isBackfillEvent(event: GodwitEvent): event is BackfillEvent {
  return event.type.startsWith('backfill.');
}

/** A backfill's events for people: a bar on a terminal, a line now and then elsewhere. */
export function backfillText(event: BackfillEvent, setting: EventSetting): string | undefined {
  const { style, live } = setting;
  switch (event.type) {
    case 'backfill.started':
      saidAt.set(setting, performance.now());
      return startedText(event, style);
    case 'backfill.progress': {
      live.show(() => `  ${progressLine(event)}`);
      const last = saidAt.get(setting) ?? 0;
      if (live.enabled || performance.now() - last < SAID_EVERY_MS) return undefined;
      saidAt.set(setting, performance.now());
      return `    ${progressLine(event)}`;
    }
    case 'backfill.paused':
      return event.reason === undefined
        ? style.dim(`    ${event.name} goes on`)
        : `    ${style.yellow(style.signs.warning)} ${event.name} rests: ${event.reason}`;
    case 'backfill.retry':
      return setting.verbose || event.action === 'set-aside' ? retryText(event, style) : undefined;
    case 'backfill.ended':
      live.hide();
      return endedText(event, style);
  }
}

type Started = Extract<BackfillEvent, { type: 'backfill.started' }>;

function startedText(event: Started, style: Style): string {
  const { name, target, total, exact, guarantee, resumedAt, notes } = event;
  const goesOn = resumedAt ? `, goes on after ${showNumber(resumedAt)}` : '';
  const rows = `${approximately(total, exact)} rows of ${target}`;
  return [
    style.dim(`  ${name}: ${rows}, ${guarantee}${goesOn}`),
    ...notes.map((note) => `    ${style.yellow(style.signs.warning)} ${note}`),
  ].join('\n');
}

/** `[####....] 12,000/~1,000,000  8,200/s  2 m 00 s left  lag 200 ms  chunk 3,000 x 2`. */
function progressLine(event: Extract<BackfillEvent, { type: 'backfill.progress' }>): string {
  const { progress, total, exact, rate, etaMs, chunkSize, lanes, workers, health } = event;
  const part = total > 0 ? Math.min(progress.rows / total, 1) : progress.cut ? 1 : 0;
  const full = Math.round(part * BAR_WIDTH);
  const facts = [
    `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`,
    `${showNumber(progress.rows)}/${approximately(total, exact)}`,
    `${showNumber(rate)}/s`,
    ...(etaMs === undefined ? [] : [`${showDuration(etaMs)} left`]),
    ...(health.lagMs === undefined ? [] : [`lag ${showDuration(health.lagMs)}`]),
    ...(progress.retries > 0 ? [`retries ${showNumber(progress.retries)}`] : []),
    ...(progress.poisoned > 0 ? [`${showNumber(progress.poisoned)} set aside`] : []),
    `chunk ${showNumber(chunkSize)} x ${lanes}`,
    ...(workers > 1 ? [plural(workers, 'worker')] : []),
  ];
  return facts.join('  ');
}

function retryText(
  { action, error, delayMs, attempt }: Extract<BackfillEvent, { type: 'backfill.retry' }>,
  style: Style,
): string {
  const what = {
    split: 'the chunk is split',
    'set-aside': 'the row is set aside',
    again: `try ${attempt} in ${showDuration(delayMs)}`,
  }[action];
  return `    ${style.yellow(style.signs.warning)} ${error.message}; ${what}`;
}

function endedText(
  { name, summary }: Extract<BackfillEvent, { type: 'backfill.ended' }>,
  style: Style,
): string {
  const { state, chunkMs, remaining } = summary;
  const facts = [
    `${showNumber(summary.rows)} rows`,
    `${showNumber(summary.changed)} changed`,
    ...(summary.deleted > 0 ? [`${showNumber(summary.deleted)} deleted`] : []),
    ...(summary.poisoned > 0 ? [`${showNumber(summary.poisoned)} set aside`] : []),
    `${showNumber(summary.rowsPerSecond)}/s`,
    `chunks p50 ${showDuration(chunkMs.p50)}, p95 ${showDuration(chunkMs.p95)}`,
  ];
  const within = remaining?.within ?? 0;
  const beyond = remaining?.beyond ?? 0;
  const notes = [
    ...(within > 0 ? [`${showNumber(within)} rows match the filter now`] : []),
    ...(beyond > 0 ? [`${showNumber(beyond)} new rows came after it began`] : []),
    ...summary.notes,
  ];
  const shown = state === 'complete' ? '' : `  ${state}`;
  const time = style.dim(showDuration(summary.durationMs));
  return [
    `  ${signOf(state, style)} ${name}${shown}  ${facts.join(', ')}  ${time}`,
    ...notes.map((note) => `    ${note}`),
  ].join('\n');
}

/** The sign of a backfill's state. */
export function signOf(state: string, style: Style): string {
  if (state === 'complete' || state === 'undone') return style.green(style.signs.done);
  if (state === 'failed') return style.red(style.signs.failed);
  if (state === 'new') return style.signs.pending;
  return style.yellow(state === 'running' ? style.signs.pending : style.signs.warning);
}

export function approximately(total: number, exact: boolean): string {
  return `${exact ? '' : '~'}${showNumber(total)}`;
}

export function showNumber(value: number): string {
  return Math.round(value).toLocaleString('en');
}
