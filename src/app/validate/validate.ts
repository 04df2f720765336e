import { applySeverities } from '../../core/checks/severities.ts';
import { computePlan } from '../../core/plan.ts';
import { isApplied } from '../../core/state.ts';
import { toGodwitError } from '../../errors.ts';
import type { Finding } from '../../ports/finding.ts';
import type { Migration } from '../../ports/migration.ts';
import { askDatabase } from '../ask-database.ts';
import type { ValidateOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { readState, statusesOf } from '../read-state.ts';
import type { ValidationReport } from '../reports.ts';
import { reportValidation } from './report.ts';

/**
 * Everything that would keep `up` from running, everything that would only show when a file
 * is imported, and everything that the database is asked. Imports every file; runs none.
 */
export function validateProject(
  project: Project,
  options: ValidateOptions,
): Promise<ValidationReport> {
  return reportValidation(project, () => findAll(project, options), 'alone');
}

async function findAll(project: Project, { documents }: ValidateOptions): Promise<Finding[]> {
  const [settings, driver, state] = await Promise.all([
    project.settings(),
    project.driver(),
    readState(project),
  ]);
  const { problems } = computePlan({
    ...state,
    request: { direction: 'up', outOfOrder: settings.outOfOrder },
  });
  const findings: Finding[] = problems.map(({ code, severity, id, message, fix }) => ({
    code,
    severity,
    where: { id },
    message,
    fix,
  }));
  for (const migration of state.migrations) {
    const finding = await tryLoading(migration);
    if (finding) findings.push(finding);
  }
  const statuses = statusesOf(state);
  const asked = await askDatabase({
    settings,
    driver,
    documents,
    applied: statuses.flatMap((s) => (s.migration && isApplied(s) ? [s.migration] : [])),
    pending: statuses.flatMap((s) => (s.migration && !isApplied(s) ? [s.migration] : [])),
  });
  return [...applySeverities(findings, settings.checks), ...asked];
}

async function tryLoading(migration: Migration): Promise<Finding | undefined> {
  const { id, file } = migration;
  try {
    const body = await migration.load();
    if (body.down !== undefined) return undefined;
    return {
      code: 'GODWIT_IRREVERSIBLE',
      severity: 'info',
      where: { id, file },
      message: `${id} has no way back.`,
      fix: 'write its down, if it should have one',
    };
  } catch (thrown) {
    const { code, message, where, next } = toGodwitError(thrown, 'GODWIT_IMPORT_FAILED');
    return {
      code,
      severity: 'error',
      where: { id, file: where?.file ?? file, line: where?.line },
      message,
      fix: next?.[0] ?? 'mend the file',
    };
  }
}
