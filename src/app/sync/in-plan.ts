import { toGodwitError } from '../../errors.ts';
import type { SyncOperation } from '../../ports/definition.ts';
import { hasScripts, runScripts, scriptsNow } from '../definitions/scripts.ts';
import type { RunOptions } from '../options.ts';
import type { Project } from '../project.ts';
import type { Work } from '../with-session.ts';
import { planSync } from './plan-sync.ts';
import { applyRecorded } from './run-sync.ts';
import type { SyncReport } from './types.ts';

/**
 * What `up` does after its migrations, under the same lock. Definitions are about the shape
 * after all of them, so they wait while one is still to come.
 */
export async function syncAfterPlan(
  work: Work,
  remaining: number,
  options: RunOptions,
): Promise<SyncReport | undefined> {
  const { project, session, by, stop, abort, settings } = work;
  const { emit } = project;
  if (stop.aborted || session.lost.aborted) return undefined;
  if (remaining > 0) {
    const message = 'Definitions are brought in line once no migration is pending.';
    emit({ type: 'warning', code: 'GODWIT_DEFINITIONS_WAIT', message });
    return undefined;
  }
  const started = performance.now();
  try {
    if (await hasScripts(project)) return await runScripts(work);
    const plan = await planSync(project, {});
    const removals = !settings.production || options.confirmed === true;
    const applying = { session, emit, stop, abort, removals };
    const report = await applyRecorded(plan, applying, by, started);
    if (report.summary.withheld > 0) {
      const message = `This is production: ${report.summary.withheld} removals were left out. If they are meant: godwit up --yes`;
      emit({ type: 'warning', code: 'GODWIT_CONFIRMATION_NEEDED', message });
    }
    return tolerant(report, emit);
  } catch (thrown) {
    const error = toGodwitError(thrown).toJSON();
    const summary = { done: 0, failed: 0, blocked: 0, waiting: 0, withheld: 0, skipped: 0 };
    return { definitions: [], summary, durationMs: 0, error };
  }
}

/** That a rebuild was not allowed is drift, and no failure of `up`. */
function tolerant(report: SyncReport, emit: Project['emit']): SyncReport {
  const { error, ...rest } = report;
  if (error?.code !== 'GODWIT_REBUILD_NEEDED') return report;
  emit({ type: 'warning', code: error.code, message: error.message });
  return rest;
}

/** For `plan` and `status`: nothing is asked that takes long. */
export async function definitionsNow(
  project: Project,
): Promise<readonly SyncOperation[] | undefined> {
  if (await hasScripts(project)) return scriptsNow(project);
  const { sync } = await project.settings();
  if (!sync.onUp) return undefined;
  return (await planSync(project, { precheck: false })).definitions;
}
