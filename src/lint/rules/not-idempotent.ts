import { SqlCursor, type SqlStatement, says } from '../read-sql.ts';
import type { Rule } from '../rule.ts';

/** What fails the second time, where every file is to be one that may run again. */
export const notIdempotent: Rule = {
  code: 'GODWIT_LINT_NOT_IDEMPOTENT',
  *check({ file, statements }, { idempotent }) {
    if (!idempotent && !file.migration?.idempotent) return;
    const dropped = new Set<string>();
    for (const statement of statements) {
      const drop = droppedBy(statement);
      for (const one of drop) dropped.add(one);
      const problem = problemOf(statement, dropped);
      if (!problem) continue;
      const { line, character } = statement;
      yield {
        where: { line, character },
        message: `${problem.what} fails when the file runs a second time.`,
        fix: problem.fix,
      };
    }
  },
};

interface Problem {
  readonly what: string;
  readonly fix: string;
}

/** Can be made only where it is not: PostgreSQL has IF NOT EXISTS for these. */
const WITH_IF = [
  'table',
  'index',
  'schema',
  'extension',
  'sequence',
  'materialized view',
  'foreign table',
  'server',
  'statistics',
];
const WITH_REPLACE = ['view', 'function', 'procedure', 'trigger', 'rule', 'aggregate', 'language'];
const WITH_NEITHER = [
  'type',
  'domain',
  'policy',
  'role',
  'user',
  'publication',
  'cast',
  'operator',
];

function problemOf(statement: SqlStatement, dropped: ReadonlySet<string>): Problem | undefined {
  const at = new SqlCursor(statement);
  if (at.skip('create')) return problemOfCreate(at, dropped);
  if (at.skip('drop')) return problemOfDrop(at, statement);
  if (at.skip('alter table')) return problemOfAlter(statement, dropped);
  if (at.skip('alter type') && says(statement, 'add value')) {
    if (says(statement, 'if not exists')) return undefined;
    return { what: 'ADD VALUE', fix: 'alter type … add value if not exists …' };
  }
  if (at.skip('insert into')) {
    const safe = says(statement, 'on conflict') || says(statement, 'not exists');
    if (safe) return undefined;
    return { what: 'INSERT, or what it puts in twice,', fix: 'insert … on conflict do nothing' };
  }
  return undefined;
}

function problemOfCreate(at: SqlCursor, dropped: ReadonlySet<string>): Problem | undefined {
  if (at.skip('or replace')) return undefined;
  at.skipAny('global', 'local', 'unlogged', 'unique', 'recursive', 'constraint', 'event');
  if (at.skip('temporary') || at.skip('temp')) return undefined;
  const kind = [...WITH_IF, ...WITH_REPLACE, ...WITH_NEITHER].find((one) => at.skip(one));
  if (kind === undefined) return undefined;
  at.skip('concurrently');
  if (at.skip('if not exists')) return undefined;
  const name = at.word === 'on' ? undefined : at.name()?.name;
  if (name !== undefined && dropped.has(`${kind} ${name}`)) return undefined;
  const what = `CREATE ${kind.toUpperCase()}`;
  if (WITH_IF.includes(kind)) return { what, fix: `create ${kind} if not exists …` };
  if (WITH_REPLACE.includes(kind)) return { what, fix: `create or replace ${kind} …` };
  return { what, fix: `drop ${kind} if exists ${name ?? '…'} …; before it` };
}

function problemOfDrop(at: SqlCursor, statement: SqlStatement): Problem | undefined {
  if (at.skip('owned')) return undefined;
  if (says(statement, 'if exists')) return undefined;
  return {
    what: 'DROP',
    fix: statement.text
      .replace(/^(drop\s+(?:materialized\s+)?\w+(?:\s+concurrently)?)\s+/i, '$1 if exists ')
      .slice(0, 300),
  };
}

function problemOfAlter(
  statement: SqlStatement,
  dropped: ReadonlySet<string>,
): Problem | undefined {
  if (says(statement, 'add column') && !says(statement, 'if not exists')) {
    return { what: 'ADD COLUMN', fix: 'alter table … add column if not exists …' };
  }
  if (says(statement, 'add constraint')) {
    const at = new SqlCursor(statement);
    at.seek('constraint');
    const name = at.name()?.name ?? '';
    if (says(statement, 'drop constraint if exists')) return undefined;
    if (dropped.has(`constraint ${name}`)) return undefined;
    return {
      what: 'ADD CONSTRAINT',
      fix: `alter table … drop constraint if exists ${name}; before it`,
    };
  }
  const drops = says(statement, 'drop column') || says(statement, 'drop constraint');
  if (drops && !says(statement, 'if exists')) {
    return { what: 'DROP', fix: 'alter table … drop … if exists …' };
  }
  if (says(statement, 'rename')) {
    return {
      what: 'RENAME',
      fix: 'do it in a DO block that looks first whether the old name is there',
    };
  }
  return undefined;
}

/** `kind name` of what the statement takes away where it is there. */
function droppedBy(statement: SqlStatement): string[] {
  const at = new SqlCursor(statement);
  if (at.skip('drop')) {
    const kind = [...WITH_IF, ...WITH_REPLACE, ...WITH_NEITHER].find((one) => at.skip(one));
    at.skip('concurrently');
    if (kind === undefined || !at.skip('if exists')) return [];
    const name = at.name()?.name;
    return name === undefined ? [] : [`${kind} ${name}`];
  }
  if (!at.skip('alter table') || !says(statement, 'drop constraint if exists')) return [];
  while (at.seek('constraint')) {
    if (!at.skip('if exists')) continue;
    const name = at.name()?.name;
    if (name !== undefined) return [`constraint ${name}`];
  }
  return [];
}
