import type { Finding, FindingSeverity } from '../ports/finding.ts';
import type { Found } from './rule.ts';

/** A finding, before its file is known. */
export function placeFound(
  code: string,
  severity: FindingSeverity,
  { where = {}, message, fix, severity: other }: Found,
): Finding {
  return { code, severity: other ?? severity, where, message, fix };
}
