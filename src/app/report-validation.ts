import type { Project } from './project.ts';
import type { ValidationReport } from './types.ts';

/** Tells the listeners, the logs among them, what a validation found. */
export async function reportValidation(
  project: Project,
  validate: () => Promise<ValidationReport>,
): Promise<ValidationReport> {
  const started = performance.now();
  const report = await validate();
  for (const finding of report.findings) project.emit({ type: 'validation.finding', finding });
  const durationMs = Math.round(performance.now() - started);
  project.emit({ type: 'validation.ended', summary: report.summary, durationMs });
  return report;
}
