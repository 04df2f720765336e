import type { Project } from '../project.ts';
import type { BackupApi } from './types.ts';

/** `migrator.backup`: loads what a method needs when it is called. */
export function backupApi(project: Project): BackupApi {
  return {
    create: async (options = {}) => (await import('./create.ts')).createBackup(project, options),
    list: async () => (await import('./list.ts')).listBackups(project),
    restore: async (id, options = {}) =>
      (await import('./restore.ts')).restoreBackup(project, id, options),
    verify: async (id, options = {}) =>
      (await import('./verify.ts')).verifyBackups(project, id, options),
    prune: async (options = {}) => (await import('./prune.ts')).pruneBackups(project, options),
  };
}
