import type { SyncPlan, SyncReport, SyncResult } from '../../app/sync/types.ts';
import type { OffendingValue, SyncAction, SyncOperation } from '../../ports/definition.ts';
import { plural, showDuration, showTime } from './measures.ts';
import type { Style } from './style.ts';

type Shown = Omit<SyncOperation, 'status'> & { readonly status: string };

const WORDS: Readonly<Record<SyncAction, string>> = {
  'create-collection': 'create',
  'create-view': 'create view',
  'change-options': 'change options',
  'change-view': 'change view',
  'set-validator': 'set validator',
  'create-index': 'create index',
  'change-index': 'change index',
  'rebuild-index': 'rebuild index',
  'hide-index': 'hide index',
  'drop-index': 'drop index',
  'run-definition': 'run definition',
  conflict: 'conflict',
};

/** What differs, one line each, with the values that are in the way below it. */
export function renderDefinitions(definitions: readonly Shown[], style: Style): string {
  const scripts = definitions.some(({ action }) => action === 'run-definition');
  const head = scripts ? 'Definitions' : 'Collections and indexes';
  return `  ${head}\n${definitions.map((one) => line(one, style)).join('')}`;
}

function line(one: Shown, style: Style): string {
  const { action, collection, index, reasons, fix, offending, until } = one;
  const what = `${WORDS[action]} ${collection}${index === undefined ? '' : `.${index}`}`;
  const due = until === undefined ? '' : `, dropped from ${showTime(until)} on`;
  const parts = [`  ${sign(one, style)} ${what}  ${style.dim(`${reasons.join('; ')}${due}`)}\n`];
  for (const value of offending ?? []) parts.push(`      ${showOffending(value)}\n`);
  if (fix && one.status === 'blocked') parts.push(`    ${style.dim('Next')}  ${fix}\n`);
  return parts.join('');
}

function sign({ action, status, destructive, severity }: Shown, style: Style): string {
  const { signs } = style;
  if (status === 'waiting') return style.dim(signs.pending);
  if (status === 'done') return style.green(signs.done);
  if (status === 'blocked' || status === 'failed') return style.red(signs.failed);
  if (status === 'withheld' || status === 'skipped') return style.yellow(signs.warning);
  if (destructive) return style.yellow('-');
  if (action.startsWith('create')) return style.green('+');
  return severity === 'warning' ? style.yellow('~') : '~';
}

/** `{ email: "a@b.c" } 3 times, _id 1, 2`. */
function showOffending({ key, count, ids }: OffendingValue): string {
  const shown = ids.map((id) => shorten(JSON.stringify(id) ?? '')).join(', ');
  return `${shorten(JSON.stringify(key))} ${count} times, such as _id ${shown}`;
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** The difference as it is now. */
export function renderSyncPlan({ definitions, summary }: SyncPlan, style: Style): string {
  if (definitions.length === 0) {
    return `  ${style.green(style.signs.done)} ${plural(summary.defined, 'collection')} as defined. Nothing to do.\n`;
  }
  return renderDefinitions(definitions, style);
}

/** How it ended: what was done was shown while it was done. */
export function renderSyncReport(
  { definitions, summary, durationMs }: SyncReport,
  style: Style,
): string {
  const left = definitions.filter(({ status }) => status !== 'done');
  const counts = (Object.entries(summary) as [SyncResult['status'], number][])
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`);
  const parts = left.length > 0 ? [`\n${renderDefinitions(left, style)}`] : [];
  parts.push(
    `\n  ${counts.join(', ') || 'Nothing to do'}  ${style.dim(showDuration(durationMs))}\n`,
  );
  return parts.join('');
}
