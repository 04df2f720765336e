import type { Finding, FindingSeverity, FindingSummary } from '../../ports/finding.ts';

export function countFindings(findings: readonly Pick<Finding, 'severity'>[]): FindingSummary {
  const count = (severity: FindingSeverity): number =>
    findings.filter((finding) => finding.severity === severity).length;
  return { error: count('error'), warning: count('warning'), info: count('info') };
}
