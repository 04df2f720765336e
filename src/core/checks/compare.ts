import type { Finding } from '../../ports/finding.ts';
import { CHECK_CODES } from './codes.ts';

/** Those that are one finding whatever they say of it: numbers of rows change. */
const SAME_WHATEVER_IT_SAYS: ReadonlySet<string> = new Set(
  Object.values(CHECK_CODES).filter((code) => code !== CHECK_CODES.folder),
);

/** What a finding is about, so that it is recognised when it is found again. */
export function findingKey({ code, where, message }: Finding): string {
  const { line: _line, character: _character, ...place } = where;
  const named = Object.entries(place)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([code, named, SAME_WHATEVER_IT_SAYS.has(code) ? '' : message]);
}

export interface Comparison {
  readonly before: readonly Finding[];
  /** Codes whose severity the project has set. */
  readonly configured: Readonly<Record<string, unknown>>;
  /** More of the plan is to come: what it makes may not be finished yet. */
  readonly underWay: boolean;
}

/**
 * What a plan is to blame for: not what was found before it began. An invalid index that it
 * left behind is an error, unless the project says otherwise. Expectations of tables that the
 * plan itself makes are judged when it is through, because rights and policies may come in a
 * later file.
 */
export function blameOf(
  findings: readonly Finding[],
  { before, configured, underWay }: Comparison,
): Finding[] {
  const known = new Set(before.map(findingKey));
  const unknown = new Set(
    before
      .filter(({ code }) => code === CHECK_CODES.expectationUnknown)
      .map(({ where }) => where.expectation),
  );
  return findings
    .filter((finding) => !known.has(findingKey(finding)))
    .filter(
      ({ code, where }) =>
        !(underWay && code === CHECK_CODES.expectation && unknown.has(where.expectation)),
    )
    .map((finding) =>
      finding.code === CHECK_CODES.invalidIndex && !Object.hasOwn(configured, finding.code)
        ? { ...finding, severity: 'error' }
        : finding,
    );
}
