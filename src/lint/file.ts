import type { SqlText } from '../ports/migration.ts';

export type LintLanguage = 'sql' | 'script' | 'data';

/** A file to be looked at, with what is known of it without running it. */
export interface LintFile {
  /** As shown: relative to the project, with `/`. */
  readonly file: string;
  readonly text: string;
  readonly language: LintLanguage;
  /** Absent for what is no migration: a seed, a companion, a fixture. */
  readonly migration?: LintMigration | undefined;
  /** It may no longer be edited: only what is a danger in itself is looked for. */
  readonly applied: boolean;
}

export interface LintMigration {
  readonly id: string;
  readonly version: string;
  /** Whether it has a way back; undefined where only importing it would tell. */
  readonly reversible: boolean | undefined;
  /** It stands for others and cannot be reverted without them. */
  readonly baseline: boolean;
  /** Its author declares that it may run again. */
  readonly idempotent: boolean;
  /** What `up` runs, where it is SQL. */
  readonly up?: SqlText | undefined;
  /** Whether `up` will run in one transaction. */
  readonly inTransaction: boolean;
}
