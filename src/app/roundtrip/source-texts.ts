import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Migration } from '../../ports/migration.ts';
import type { Project } from '../project.ts';

/** Texts of the migrations' files. */
export async function sourceTexts(
  project: Project,
  migrations: readonly Migration[],
): Promise<string[]> {
  const { root } = await project.settings();
  const files = migrations.flatMap(({ file }) => (file === undefined ? [] : [resolve(root, file)]));
  return Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
}
