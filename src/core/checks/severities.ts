import type { Finding, FindingSeverity } from '../../ports/finding.ts';

type Severities = Readonly<Record<string, FindingSeverity | 'off'>>;

/** Gives findings the severity that the project wants, and drops those it has switched off. */
export function applySeverities(findings: readonly Finding[], wanted: Severities): Finding[] {
  return findings.flatMap((finding) => {
    const severity = Object.hasOwn(wanted, finding.code) ? wanted[finding.code] : undefined;
    if (severity === 'off') return [];
    return [severity === undefined ? finding : { ...finding, severity }];
  });
}

/** Codes that need not be asked at all. */
export function switchedOff(wanted: Severities): Set<string> {
  return new Set(Object.keys(wanted).filter((code) => wanted[code] === 'off'));
}
