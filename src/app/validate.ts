import { countFindings } from '../core/checks/count-findings.ts';
import { computePlan } from '../core/plan.ts';
import { toGodwitError } from '../errors.ts';
import type { Finding } from '../ports/finding.ts';
import type { Migration } from '../ports/migration.ts';
import type { Project } from './project.ts';
import { readState } from './read-state.ts';
import type { ValidationReport } from './types.ts';

/**
 * Everything that would keep `up` from running, and everything that would only show when
 * a file is imported. Imports every file; runs none.
 */
export async function validateProject(project: Project): Promise<ValidationReport> {
  const [settings, state] = await Promise.all([project.settings(), readState(project)]);
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
  return { findings, summary: countFindings(findings) };
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
