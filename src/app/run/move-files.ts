import { mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { thrownMessage } from '../../errors.ts';
import type { Migration } from '../../ports/migration.ts';
import type { Project } from '../project.ts';

export interface Finished {
  readonly migration: Migration;
  readonly applied: boolean;
}

/**
 * Where the layout has a folder for each, files of applied migrations go to `completed/`
 * and others back to `pending/`. The history is the truth: a disk that cannot be written is
 * no error, and the file is found where it is.
 */
export function moveFinished(
  project: Pick<Project, 'emit'>,
  settings: Pick<Settings, 'layout' | 'root'>,
  finished: readonly Finished[],
): void {
  const { layout, root } = settings;
  if (layout === undefined) return;
  for (const { migration, applied } of finished) {
    if (migration.file === undefined) continue;
    const from = resolve(root, migration.file);
    const [here, there] = applied
      ? [layout.pending, layout.completed]
      : [layout.completed, layout.pending];
    // Also from folders inside, which keep their shape.
    const below = relative(here, from);
    if (below.startsWith('..') || below === basename(here)) continue;
    move(project, from, join(there, below), root);
  }
}

function move(project: Pick<Project, 'emit'>, from: string, to: string, root: string): void {
  try {
    mkdirSync(dirname(to), { recursive: true });
    renameSync(from, to);
  } catch (error) {
    project.emit({
      type: 'warning',
      code: 'GODWIT_FILE_NOT_MOVED',
      message: `${relative(root, from)} could not be moved to ${relative(root, dirname(to))}: ${thrownMessage(error)}. The history has it right, and it is found where it is.`,
    });
  }
}
