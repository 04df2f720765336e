import type { GodwitEvent } from '../../events.ts';
import type { EventSetting } from './events.ts';
import { showDuration } from './measures.ts';

export type SyncEvent = Extract<GodwitEvent, { type: `sync.${string}` }>;

/** How often those who read a log are told of a long build. */
const SAID_EVERY_MS = 10_000;

interface Seen {
  at: number;
  saidAt: number;
  progress: string;
}
const running = new WeakMap<EventSetting, Seen>();

export function isSyncEvent(event: GodwitEvent): event is SyncEvent {
  return event.type.startsWith('sync.');
}

/** What sync does, for people: a line for each, and how far a long index build is. */
export function syncText(event: SyncEvent, setting: EventSetting): string | undefined {
  const { style, live } = setting;
  switch (event.type) {
    case 'sync.started':
      return undefined;
    case 'sync.operation': {
      const seen = { at: performance.now(), saidAt: performance.now(), progress: '' };
      running.set(setting, seen);
      const { operation, index, total } = event;
      live.show(() => {
        const place = total > 1 ? `${index + 1}/${total}, ` : '';
        const elapsed = showDuration(performance.now() - seen.at);
        return `  ${style.signs.pending} ${operation.id}  (${place}${seen.progress}${elapsed})`;
      });
      return undefined;
    }
    case 'sync.progress': {
      const seen = running.get(setting);
      const { phase, done, total } = event;
      const percent = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : '';
      if (!seen) return undefined;
      seen.progress = `${phase}${percent}, `;
      if (live.enabled || performance.now() - seen.saidAt < SAID_EVERY_MS) return undefined;
      seen.saidAt = performance.now();
      return `    ${event.operation}: ${phase}${percent}`;
    }
    case 'sync.done': {
      live.hide();
      const time = style.dim(showDuration(event.durationMs));
      if (event.status === 'done') {
        return `  ${style.green(style.signs.done)} ${event.operation.id}  ${time}`;
      }
      return `  ${style.red(style.signs.failed)} ${event.operation.id}  failed  ${time}`;
    }
  }
}
