import { resolve } from 'node:path';
import { hideInLine } from '../../core/text/hide-secrets.ts';
import type { Place } from '../../errors.ts';
import { readLines } from './read-lines.ts';
import type { Style } from './style.ts';

const LONGEST = 160;

/**
 * The lines around a place with a caret under its column; of the statement when the file
 * cannot be read; empty when there is nothing to show.
 *
 * @param root folder that `where.file` is relative to
 */
export function renderExcerpt(where: Place, root: string, style: Style): string {
  const { line } = where;
  const from = Math.max(1, (line ?? 1) - 1);
  const lines = line === undefined ? undefined : linesOf(where, root, from, line + 1);
  const to = from + (lines?.length ?? 0) - 1;
  if (lines === undefined || line === undefined || to < line) {
    return where.statement === undefined ? '' : renderStatement(where.statement, style);
  }
  const gutter = String(to).length;
  const shown: string[] = [];
  for (let number = from; number <= to; number++) {
    const text = clip(hideInLine(lines[number - from] ?? ''));
    if (number !== line && text.trim() === '') continue;
    const label = String(number).padStart(gutter);
    shown.push(
      number === line
        ? `  ${style.red('>')} ${label} ${style.dim('|')} ${text}`
        : style.dim(`    ${label} | ${text}`),
    );
    const caret =
      number === line
        ? caretLine(lines[number - from] ?? '', where.column, gutter, style)
        : undefined;
    if (caret !== undefined) shown.push(caret);
  }
  return `${shown.join('\n')}\n`;
}

/** Lines by their numbers from 1, as far as there are so many. */
function linesOf(where: Place, root: string, from: number, to: number): string[] | undefined {
  if (where.file === undefined) return undefined;
  try {
    return readLines(resolve(root, where.file), from, to);
  } catch {
    return undefined;
  }
}

function caretLine(
  text: string,
  column: number | undefined,
  gutter: number,
  style: Style,
): string | undefined {
  if (column === undefined || column > LONGEST) return undefined;
  // Tabs stay tabs, so that the caret stands where the terminal puts the character.
  const before = hideInLine(text.slice(0, column - 1)).replace(/[^\t]/g, ' ');
  return `    ${' '.repeat(gutter)} ${style.dim('|')} ${before}${style.red('^')}`;
}

function renderStatement(statement: string, style: Style): string {
  const lines = statement.trim().split(/\r?\n/);
  const shown = lines.slice(0, 6).map((line) => `    ${style.dim('|')} ${clip(hideInLine(line))}`);
  return `${[...shown, ...(lines.length > 6 ? [`    ${style.dim('| …')}`] : [])].join('\n')}\n`;
}

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
