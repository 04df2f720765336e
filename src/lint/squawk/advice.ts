import { SqlCursor, type SqlStatement } from '../read-sql.ts';

/** What a rule of squawk's is about: how its severity follows from the table. */
export type Danger =
  /** Its time grows with the table, under a lock. */
  | 'size'
  /** A short lock that waits behind whoever reads. */
  | 'lock'
  /** It breaks whoever still uses what goes, whatever the size. */
  | 'clients'
  /** A matter of taste. */
  | 'style';

const DANGERS: Readonly<Record<string, Danger>> = {
  'adding-field-with-default': 'size',
  'adding-foreign-key-constraint': 'size',
  'adding-not-nullable-field': 'size',
  'adding-required-field': 'size',
  'adding-serial-primary-key-field': 'size',
  'changing-column-type': 'size',
  'constraint-missing-not-valid': 'size',
  'disallowed-unique-constraint': 'size',
  'require-concurrent-index-creation': 'size',
  'require-concurrent-partition-detach': 'lock',
  'require-concurrent-index-deletion': 'lock',
  'ban-drop-not-null': 'clients',
  'prefer-bigint-over-int': 'style',
  'prefer-bigint-over-smallint': 'style',
  'prefer-identity': 'style',
  'prefer-text-field': 'style',
  'prefer-timestamp-tz': 'style',
  'ban-char-field': 'style',
  'require-table-schema': 'style',
};

/** A rule that a newer squawk brings is taken as seriously as squawk takes it. */
export function dangerOf(rule: string): Danger {
  return DANGERS[rule] ?? 'clients';
}

/**
 * Rules that godwit does not pass on. It sets `lock_timeout` itself and takes out what
 * cannot be in a transaction; whether a file must be able to run again is asked by its own
 * rule, where the project wants it.
 */
export const UNWANTED: ReadonlySet<string> = new Set([
  'require-lock-timeout',
  'require-statement-timeout',
  'require-timeout-settings',
  'prefer-robust-stmts',
  'transaction-nesting',
  'ban-concurrent-index-creation-in-transaction',
]);

/** The more particular rule that says the same of the same statement. */
export const IMPLIED_BY: Readonly<Record<string, readonly string[]>> = {
  'constraint-missing-not-valid': ['adding-foreign-key-constraint', 'disallowed-unique-constraint'],
};

const STEPS: Readonly<Record<string, string>> = {
  'adding-not-nullable-field':
    'alter table T add constraint N check (COLUMN is not null) not valid; in the next migration: alter table T validate constraint N; alter table T alter COLUMN set not null; alter table T drop constraint N',
  'adding-required-field':
    'add the column without NOT NULL, fill it with a backfill, then set NOT NULL by a validated constraint',
  'adding-field-with-default':
    'add the column, set its default in a second statement, and fill old rows with a backfill',
  'adding-foreign-key-constraint':
    'add the constraint NOT VALID; in the next migration: alter table T validate constraint N',
  'constraint-missing-not-valid':
    'add the constraint NOT VALID; in the next migration: alter table T validate constraint N',
  'changing-column-type':
    'add a column of the new type, keep both in step, fill it with a backfill, then change the readers and drop the old one',
  'disallowed-unique-constraint':
    'create unique index concurrently N on T (…); then: alter table T add constraint N unique using index N',
  'adding-serial-primary-key-field':
    'create unique index concurrently N on T (…); then: alter table T add constraint N primary key using index N',
  'renaming-column':
    'add the new column, keep both in step, change the readers, then drop the old one',
  'renaming-table': 'rename it, and create a view with the old name until nobody uses it',
  'ban-drop-column': 'deploy code that does not use it first; then this migration is safe',
  'ban-drop-table': 'deploy code that does not use it first; then this migration is safe',
  'ban-drop-not-null': 'deploy code that knows null first; then this migration is safe',
  'ban-truncate-cascade': 'name every table that is to be emptied, and leave CASCADE out',
};

/** The safe rewrite: the statement itself, rewritten, where that is enough. */
export function adviseOn(
  rule: string,
  statement: SqlStatement | undefined,
  help: string | null,
): string {
  const rewritten = statement && rewrite(rule, statement);
  return rewritten ?? STEPS[rule] ?? help ?? `https://squawkhq.com/docs/${rule}`;
}

function rewrite(rule: string, statement: SqlStatement): string | undefined {
  if (!/^require-concurrent-index-(creation|deletion)$/.test(rule)) return undefined;
  const at = new SqlCursor(statement);
  if (!at.seek('index')) return undefined;
  const [first] = statement.tokens;
  const index = statement.tokens[at.at - 1];
  if (!first || !index) return undefined;
  const cut = index.end - first.start;
  const text = `${statement.text.slice(0, cut)} concurrently${statement.text.slice(cut)}`;
  return text.length > 500 ? undefined : text.replace(/\s+/g, ' ');
}
