import type { FindingSeverity } from '../ports/finding.ts';

/**
 * Codes of godwit's own findings, with the severity they have unless configured. Never
 * reused; docs/lint.md explains each. squawk's and secretlint's are theirs, behind a prefix.
 */
export const LINT_CODES = {
  GODWIT_LINT_LARGE_TABLE: 'error',
  GODWIT_LINT_RLS_MISSING: 'warning',
  GODWIT_LINT_NOT_IDEMPOTENT: 'error',
  GODWIT_LINT_NO_WAY_BACK: 'warning',
  GODWIT_LINT_ORDER: 'error',
  GODWIT_LINT_EDITED: 'error',
  GODWIT_LINT_DELETED: 'error',
  GODWIT_LINT_PLAIN_PASSWORD: 'error',
  GODWIT_LINT_ENVIRONMENT: 'info',
  GODWIT_LINT_UNFILTERED: 'warning',
  GODWIT_LINT_UNIQUE_TOO_EARLY: 'warning',
  GODWIT_LINT_FILE: 'error',
  GODWIT_LINT_DIRECTIVE: 'warning',
  GODWIT_LINT_NO_DATABASE: 'info',
  GODWIT_LINT_NO_SQUAWK: 'info',
  GODWIT_LINT_NO_SECRETLINT: 'info',
} as const satisfies Record<string, FindingSeverity>;

export type LintCode = keyof typeof LINT_CODES;
