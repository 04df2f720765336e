import { canonicalVersion, compareVersions } from '../core/ordering.ts';
import { isApplied } from '../core/state.ts';
import type { Project } from './project.ts';
import { readState, statusesOf } from './read-state.ts';

/**
 * Whether an application that needs `version` can start: something at or above it is
 * applied, and nothing at or below it is waiting, failed or interrupted. An application
 * older than the database passes, so that two versions can run side by side.
 */
export async function isAtLeast(project: Project, version: string): Promise<boolean> {
  const wanted = canonicalVersion(version);
  const statuses = statusesOf(await readState(project));
  const reached = statuses.some((s) => isApplied(s) && compareVersions(s.version, wanted) >= 0);
  const gap = statuses.some((s) => !isApplied(s) && compareVersions(s.version, wanted) <= 0);
  return reached && !gap;
}
