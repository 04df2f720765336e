import type {
  PublicIdAction,
  PublicIdsEntry,
  PublicIdsReport,
} from '../../app/public-ids/types.ts';
import { showNumber } from './backfill-events.ts';
import { plural, showDuration } from './measures.ts';
import type { Style } from './style.ts';
import { renderTable } from './table.ts';

const WORDS: Readonly<Record<PublicIdAction, string>> = {
  'unique-index': 'unique index',
  backfill: 'ids',
  'not-null': 'NOT NULL',
  constraint: 'constraint',
};

/** `backfill public-ids`. */
export function renderPublicIds(
  { tables, summary, dryRun, durationMs }: PublicIdsReport,
  style: Style,
  width: number | undefined,
): string {
  const rows = tables.map((entry) => [
    `${signOf(entry, style)} ${entry.table}`,
    statusOf(entry),
    entry.status === 'absent' ? '' : `${showNumber(entry.missing)} without`,
    entry.filled > 0 ? `${showNumber(entry.filled)} given` : '',
    entry.collisions > 0 ? `${plural(entry.collisions, 'collision')}` : '',
    entry.actions.map((action) => WORDS[action]).join(', '),
    dryRun && entry.missing > 0 ? style.dim(`as ${entry.example}`) : '',
  ]);
  const total = dryRun
    ? `Nothing was written: ${showNumber(summary.missing)} ids would be given.`
    : `${showNumber(summary.filled)} ids given  ${style.dim(`in ${showDuration(durationMs)}`)}`;
  return `\n${renderTable(rows, width)}\n  ${total}\n`;
}

function statusOf({ status }: PublicIdsEntry): string {
  return status === 'absent' ? 'no such table' : status;
}

function signOf({ status }: PublicIdsEntry, style: Style): string {
  const { done, failed, pending } = style.signs;
  if (status === 'done' || status === 'complete') return style.green(done);
  return status === 'failed' ? style.red(failed) : style.dim(pending);
}
