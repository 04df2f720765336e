import { SqlCursor, type SqlStatement, says, type TableName } from './read-sql.ts';

export type Action =
  | 'create table'
  | 'alter table'
  | 'drop table'
  | 'create index'
  | 'update'
  | 'delete'
  | 'truncate'
  | 'other';

/** What a statement does, and to which table. */
export interface Subject {
  readonly action: Action;
  readonly table?: TableName | undefined;
  readonly temporary?: boolean | undefined;
}

const OTHER: Subject = { action: 'other' };

export function subjectOf(statement: SqlStatement): Subject {
  const at = new SqlCursor(statement);
  if (at.skip('create')) return created(at, statement);
  if (at.skip('alter table')) {
    at.skip('if exists');
    at.skip('only');
    return { action: 'alter table', table: at.name() };
  }
  if (at.skip('drop table')) {
    at.skip('if exists');
    return { action: 'drop table', table: at.name() };
  }
  if (at.skip('update')) {
    at.skip('only');
    return { action: 'update', table: at.name() };
  }
  if (at.skip('delete from')) {
    at.skip('only');
    return { action: 'delete', table: at.name() };
  }
  if (at.skip('truncate')) {
    at.skip('table');
    at.skip('only');
    return { action: 'truncate', table: at.name() };
  }
  return OTHER;
}

function created(at: SqlCursor, statement: SqlStatement): Subject {
  at.skipAny('global', 'local', 'unlogged', 'unique');
  const temporary = at.skip('temporary') || at.skip('temp');
  if (at.skip('table')) {
    at.skip('if not exists');
    return { action: 'create table', table: at.name(), temporary };
  }
  if (!at.skip('index') || !says(statement, 'on') || !at.seek('on')) return OTHER;
  at.skip('only');
  return { action: 'create index', table: at.name() };
}
