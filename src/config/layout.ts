import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A folder of migrations with a place for each state. All absolute. */
export interface Layout {
  readonly name: 'classes';
  /** The folder that holds the others. */
  readonly dir: string;
  readonly pending: string;
  readonly completed: string;
  readonly templates: string;
}

export function classesLayout(dir: string): Layout {
  return {
    name: 'classes',
    dir,
    pending: join(dir, 'pending'),
    completed: join(dir, 'completed'),
    templates: join(dir, 'templates'),
  };
}

/** Where its files are: a checkout has no folder that is empty. */
export function layoutFolders({ pending, completed }: Layout): string[] {
  const there = [pending, completed].filter((folder) => existsSync(folder));
  return there.length > 0 ? there : [pending];
}
