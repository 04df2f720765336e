import { countFindings } from '../../core/checks/count-findings.ts';
import type { GodwitEvent } from '../../events.ts';
import type { Finding } from '../../ports/finding.ts';
import type { Project } from '../project.ts';
import type { ValidationReport } from '../reports.ts';

export type ValidationTime = Extract<GodwitEvent, { type: 'validation.started' }>['when'];

/**
 * Tells the listeners, the logs among them, that something is validated and what was found.
 *
 * @param id the migration that it follows
 */
export async function reportValidation(
  { emit }: Pick<Project, 'emit'>,
  validate: () => Promise<readonly Finding[]>,
  when: ValidationTime,
  id?: string,
): Promise<ValidationReport> {
  const started = performance.now();
  emit({ type: 'validation.started', when, id });
  const findings = await validate();
  // What was there before is nobody's news: `validate` tells of it.
  if (when !== 'before') {
    for (const finding of findings) emit({ type: 'validation.finding', finding });
  }
  const summary = countFindings(findings);
  const durationMs = Math.round(performance.now() - started);
  emit({ type: 'validation.ended', when, id, summary, durationMs });
  return { findings, summary };
}
