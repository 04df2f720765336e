import { relative, resolve } from 'node:path';
import type { ErrorInfo, Place } from '../../errors.ts';
import { renderExcerpt } from './excerpt.ts';
import type { Style } from './style.ts';

export interface ErrorSetting {
  readonly style: Style;
  /** Folder that files in errors are relative to. */
  readonly root: string;
  /** Folder the person is in, for paths that can be typed. */
  readonly cwd: string;
}

/** What happened, where, what state the database is in, and what to type next. */
export function renderError(error: ErrorInfo, setting: ErrorSetting): string {
  const { style } = setting;
  const [first = '', ...rest] = error.message.trimEnd().split('\n');
  const parts = [`${style.red(style.signs.failed)} ${style.bold(first)}\n`];
  if (rest.length > 0) parts.push(`${rest.join('\n')}\n`);
  parts.push(renderPlace(error.where, setting));
  parts.push('\n', renderFacts(error, style));
  return parts.join('');
}

function renderPlace(where: Place | undefined, { style, root, cwd }: ErrorSetting): string {
  if (where === undefined) return '';
  const excerpt = renderExcerpt(where, root, style);
  const place = showPlace(where, root, cwd);
  const at = place === '' ? '' : `  at ${style.cyan(place)}\n`;
  return excerpt === '' ? at : `${at}\n${excerpt}`;
}

/** `migrations/003.sql:4:8`, as short as it can be typed. */
export function showPlace(where: Place, root: string, cwd: string): string {
  if (where.file === undefined) return where.line === undefined ? '' : `line ${where.line}`;
  const path = resolve(root, where.file);
  const near = relative(cwd, path);
  const file = near.startsWith('..') || near === '' ? path : near;
  return [file, where.line, where.line === undefined ? undefined : where.column]
    .filter((part) => part !== undefined)
    .join(':');
}

function renderFacts(error: ErrorInfo, style: Style): string {
  const rows: [string, string][] = [];
  if (error.state) rows.push(['State', error.state]);
  for (const [index, next] of (error.next ?? []).entries()) {
    rows.push([index === 0 ? 'Next' : '', next.startsWith('godwit ') ? style.bold(next) : next]);
  }
  rows.push(['Code', style.dim(error.code)]);
  return rows.map(([label, text]) => `  ${style.dim(label.padEnd(5))}  ${text}\n`).join('');
}
