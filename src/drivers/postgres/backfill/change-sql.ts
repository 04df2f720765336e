import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { ident } from '../text.ts';
import { filterCondition } from './key-sql.ts';
import { invalid, type Target } from './target.ts';

/** `set` as an UPDATE of the rows for which the condition holds. */
export function setStatement(job: BackfillJob, target: Target, condition: string): string {
  return `update ${target.table} set ${assignments(job, target)}
where ${condition} and ${filterCondition(job.filter)}`;
}

/** The user's expressions stay as they are: the table has its own name in the statement. */
export function assignments(job: BackfillJob, target: Target): string {
  const set = (job.change.type === 'set' ? job.change.set : {}) as Readonly<Record<string, string>>;
  return Object.entries(set)
    .map(([name, expression]) => {
      settable(job, target, name);
      return `${ident(name)} = (${expression}\n)`;
    })
    .join(', ');
}

/** @throws GodwitError GODWIT_BACKFILL_INVALID */
function settable(job: BackfillJob, target: Target, name: string): void {
  const column = target.columns.find((each) => each.name === name);
  if (!column) throw invalid(job, `${job.target} has no column ${name}`, []);
  if (column.generated) {
    throw invalid(job, `${name} is computed by the server from other columns`, [
      'set the columns it is computed from',
    ]);
  }
  if (target.key.includes(column)) {
    throw invalid(job, `${name} is part of the key, so changed rows would be met again`, [
      'use another unique key: key: [...]',
    ]);
  }
}

export interface SqlStatement {
  readonly text: string;
  /** What the statement calls the table. */
  readonly alias: string;
  readonly verb: 'update' | 'delete';
}

const IDENT = '(?:"(?:[^"]|"")+"|[\\p{L}_][\\p{L}\\p{N}_$]*)';
const HEAD = new RegExp(
  `^\\s*(update|delete\\s+from)\\s+(?:only\\s+)?(${IDENT}(?:\\s*\\.\\s*${IDENT})*)\\s*\\*?\\s*(?:as\\s+)?(${IDENT})?`,
  'iu',
);
/** Literals, quoted names and comments. */
const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--.*|\/\*[\s\S]*?\*\/|(\$\w*\$)[\s\S]*?\1/g;
const NO_ALIAS = /^(set|using|where|returning)$/i;

/**
 * The user's statement with its `{{chunk}}` filled in.
 *
 * @param condition is given what the statement calls the table
 * @throws GodwitError GODWIT_BACKFILL_INVALID
 */
export function sqlStatement(
  job: BackfillJob,
  target: Target,
  condition: (alias: string) => string,
): SqlStatement {
  const sql = job.change.type === 'sql' ? job.change.sql : '';
  const text = sql.replace(/;\s*$/, '');
  const head = HEAD.exec(text);
  if (!head) throw invalid(job, 'sql must begin with UPDATE table or DELETE FROM table', []);
  if (/\breturning\b/i.test(text.replace(QUOTED, ' ')))
    throw invalid(job, 'sql must not have a RETURNING', []);
  const [, verb = '', , given] = head;
  const alias = given === undefined || NO_ALIAS.test(given) ? target.alias : given;
  return {
    text: text.replace('{{chunk}}', () => `(${condition(alias)})`),
    alias,
    verb: /^update/i.test(verb) ? 'update' : 'delete',
  };
}

/** The target as a statement knows it that calls the table something else. */
export function withAlias(target: Target, alias: string): Target {
  if (alias === target.alias) return target;
  const rename = <C extends { readonly name: string; readonly sql: string }>(column: C): C => ({
    ...column,
    sql: `${alias}.${ident(column.name)}`,
  });
  const columns = target.columns.map(rename);
  const key = target.key.map(rename);
  return { ...target, alias, columns, key };
}
