import type { ColumnRow } from './columns.ts';
import type { Piece } from './piece.ts';
import { parseList } from './rows.ts';
import type { TableRow } from './tables.ts';

/** A default in a statement of its own. */
export function defaultPiece(row: TableRow, column: ColumnRow): Piece {
  return {
    kind: 'default',
    name: `${row.name}.${column.name}`,
    of: row.name,
    section: 'pre-data',
    means: [`pg_attrdef:${column.defaultOid}`],
    needs: [`pg_class:${row.oid}`],
    statements: [
      `ALTER TABLE ONLY ${row.name} ALTER COLUMN ${column.name} SET DEFAULT ${column.standard}`,
    ],
  };
}

const STORAGE: Readonly<Record<string, string>> = {
  p: 'PLAIN',
  e: 'EXTERNAL',
  m: 'MAIN',
  x: 'EXTENDED',
};

/** What a column's definition has no words for. */
export function columnSettings(row: TableRow, column: ColumnRow): string[] {
  const alter = `ALTER TABLE ONLY ${row.name} ALTER COLUMN ${column.name}`;
  const options = parseList(column.options).map(settingOf);
  return [
    ...(column.statistics === null ? [] : [`${alter} SET STATISTICS ${column.statistics}`]),
    ...(column.storage === null ? [] : [`${alter} SET STORAGE ${STORAGE[column.storage]}`]),
    ...(column.compression === null
      ? []
      : [`${alter} SET COMPRESSION ${column.compression === 'l' ? 'lz4' : 'pglz'}`]),
    ...(options.length > 0 ? [`${alter} SET (${options.join(', ')})`] : []),
  ];
}

/** `fillfactor=70` as `fillfactor='70'`, which is right for words as well. */
export function settingOf(option: string): string {
  const at = option.indexOf('=');
  return `${option.slice(0, at)}='${option.slice(at + 1).replaceAll("'", "''")}'`;
}
