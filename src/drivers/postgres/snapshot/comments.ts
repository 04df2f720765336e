import { literal } from '../text.ts';
import { query } from './rows.ts';

export interface CommentRow {
  readonly catalog: string;
  readonly objoid: string;
  readonly objsubid: string;
  readonly description: string;
}

/** Every comment of what people made; whose it is is looked up by the object. */
export const COMMENTS = query<CommentRow>(
  ({ schemas }) => `select classoid::regclass::text as catalog, objoid, objsubid, description
  from pg_description
  where objoid >= 16384 or (classoid = 'pg_namespace'::regclass and objoid in (${schemas}))`,
);

export type Comments = ReadonlyMap<string, string>;

export function readComments(rows: readonly CommentRow[]): Comments {
  return new Map(
    rows.map((row) => [`${row.catalog}:${row.objoid}:${row.objsubid}`, row.description]),
  );
}

/**
 * `COMMENT ON`, when there is a comment.
 *
 * @param what such as `TABLE public.users`
 * @param ref such as `pg_class:16384`
 */
export function commentOn(comments: Comments, what: string, ref: string, column = 0): string[] {
  const text = comments.get(`${ref}:${column}`);
  return text === undefined ? [] : [`COMMENT ON ${what} IS ${literal(text).trim()}`];
}
