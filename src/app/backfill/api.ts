import type { Project } from '../project.ts';
import type { BackfillApi } from './types.ts';

/** `migrator.backfill`: loads what a method needs when it is called. */
export function backfillApi(project: Project): BackfillApi {
  const runs = () => import('./runs.ts');
  const looks = () => import('./status.ts');
  return {
    run: async (backfill, options = {}) => (await runs()).run(project, backfill, options),
    dryRun: async (backfill, options = {}) => (await runs()).rehearse(project, backfill, options),
    retry: async (backfill, options = {}) => (await runs()).retry(project, backfill, options),
    undo: async (backfill, options = {}) =>
      (await import('./undo.ts')).undo(project, backfill, options),
    drain: async (backfill, options) => (await runs()).drain(project, backfill, options),
    publicIds: async (options = {}) =>
      (await import('../public-ids/run-public-ids.ts')).runPublicIds(project, options),
    list: async () => (await looks()).list(project),
    status: async (name) => (await looks()).status(project, name),
    pause: async (name) => (await looks()).control(project, name, { paused: true }),
    resume: async (name) => (await looks()).control(project, name, { paused: false }),
    cancel: async (name) => (await looks()).control(project, name, { cancelled: true }),
    throttle: async (name, change) => (await looks()).control(project, name, change),
  };
}
