import type { Project } from '../project.ts';

type Method = (...args: readonly unknown[]) => unknown;

/** What only reads fails before the eyes of whoever asked. */
const SILENT = new Set([
  'settings',
  'target',
  'plan',
  'lint',
  'planSql',
  'status',
  'list',
  'show',
  'history',
  'create',
  'test',
  'lockHolder',
  'doctor',
  'isAtLeast',
  'on',
  'close',
]);

/**
 * Makes every method that does something tell the listeners when it rejects: whoever calls
 * sees the error, but a log would end without a word.
 */
export function announceFailures<T extends object>(project: Project, api: T): T {
  const announced = Object.entries(api).map(([name, member]): [string, unknown] => {
    if (name === 'backfill') return [name, announceFailures(project, member as object)];
    if (typeof member !== 'function' || SILENT.has(name)) return [name, member];
    return [name, announcing(project, name, member as Method)];
  });
  return Object.assign(api, Object.fromEntries(announced));
}

function announcing(project: Project, name: string, method: Method): Method {
  return async (...args) => {
    try {
      return await method(...args);
    } catch (thrown) {
      await project.fail(project.options.command ?? name, thrown);
      throw thrown;
    }
  };
}
