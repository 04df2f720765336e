import { ident, literal } from '../text.ts';
import type { Column, Target } from './target.ts';

/** Columns that make a row what it is: the others are computed from them. */
export function kept(target: Target): readonly Column[] {
  return target.columns.filter(({ generated }) => !generated);
}

/** A row as an object of texts, which every type reads back as it was. */
export function imageSql(target: Target): string {
  const columns = kept(target);
  const names = columns.map(({ name }) => literal(name));
  const texts = columns.map(({ sql }) => `${sql}::text`);
  return `pg_catalog.json_object(array[${names.join()}]::text[], array[${texts.join()}]::text[])`;
}

/** A row's hash, the same in every time zone. */
export function hashSql(columns: readonly Column[]): string {
  const values = columns.map(({ sql, kind }) =>
    kind === 'timestamptz' ? `(${sql} at time zone 'UTC')` : sql,
  );
  return `pg_catalog.md5(row(${values.join()})::text)`;
}

/** `column = value` for each that can be set, from an image's texts. */
export function restoreSql(columns: readonly Column[], image: string): string {
  return columns
    .map(({ name, type }) => `${ident(name)} = (${image}->>${literal(name)})::${type}`)
    .join(', ');
}
