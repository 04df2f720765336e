import { showBytes } from '../../core/text/show-bytes.ts';
import type { GodwitEvent } from '../../events.ts';
import type { EventSetting } from './events.ts';
import { showDuration } from './measures.ts';

export type BackupEvent = Extract<GodwitEvent, { type: `backup.${string}` }>;

const DONE = { create: 'backup', restore: 'restored', verify: 'rehearsed' } as const;

export function isBackupEvent(event: GodwitEvent): event is BackupEvent {
  return event.type.startsWith('backup.');
}

/** A backup's events for people: a live line, and what came of it. */
export function backupText(event: BackupEvent, setting: EventSetting): string | undefined {
  const { style, live, verbose } = setting;
  switch (event.type) {
    case 'backup.started':
      live.show(() => `  ${style.signs.pending} ${event.action} backup ${event.id}`);
      return verbose
        ? style.dim(`  ${event.action} backup ${event.id} with ${event.tool}`)
        : undefined;
    case 'backup.progress': {
      const place = event.total > 0 ? `  (${event.done}/${event.total})` : '';
      live.show(() => `  ${style.signs.pending} backup ${event.id}: ${event.name}${place}`);
      return undefined;
    }
    case 'backup.ended': {
      live.hide();
      if (event.error) return undefined;
      const facts = `${showBytes(event.bytes)}, ${event.action === 'create' ? `by ${event.tool}` : 'verified'}`;
      const plain = event.plain === undefined ? [] : [style.dim(`    ${event.plain}`)];
      return [
        `  ${style.green(style.signs.done)} ${DONE[event.action]} ${event.id}  ${facts}  ${style.dim(showDuration(event.durationMs))}`,
        ...plain,
        ...event.notes.map((note) => `    ${style.yellow(style.signs.warning)} ${note}`),
      ].join('\n');
    }
  }
}
