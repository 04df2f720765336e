import { stripVTControlCharacters } from 'node:util';

/**
 * Columns as wide as their widest cell, two spaces apart. Columns that are empty in every
 * row are left out, and the last ones are dropped while a row is wider than `width`.
 *
 * @param keep columns that are never dropped, from the left
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  width: number | undefined,
  keep = 3,
): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, visibleWidth(row[column] ?? '')), 0),
  );
  const columns = widths.flatMap((size, column) => (size === 0 ? [] : [column]));
  while (width !== undefined && columns.length > keep && total(columns, widths) > width)
    columns.pop();
  return rows
    .map((row) => columns.map((column) => padTo(row[column] ?? '', widths[column] ?? 0)).join('  '))
    .map((line) => `  ${line.trimEnd()}\n`)
    .join('');
}

function total(columns: readonly number[], widths: readonly number[]): number {
  return columns.reduce((sum, column) => sum + (widths[column] ?? 0) + 2, 0);
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleWidth(text)));
}

/** Letters of the West and the signs that godwit draws: each is one wide, as is easily seen. */
const NARROW = /^[\x20-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u259f\u2713-\u2718]*$/;

/** Combining marks take no room, East Asian wide characters take two. */
export function visibleWidth(text: string): number {
  const plain = text.includes('\u001b') ? stripVTControlCharacters(text) : text;
  if (NARROW.test(plain)) return plain.length;
  let width = 0;
  for (const char of plain) {
    if (/\p{M}/u.test(char)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return width;
}
