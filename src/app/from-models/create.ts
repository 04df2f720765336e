import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { renderNewMigration } from '../../formats/create.ts';
import { renderFromModels } from '../../formats/templates/from-models.ts';
import type { CreateOptions } from '../options.ts';
import type { Project } from '../project.ts';
import { writeNew } from '../write-new.ts';
import { isNothing, modelChanges, parseField, parseRename } from './model-changes.ts';
import { readSnapshot, SNAPSHOT } from './states.ts';

/**
 * Writes the migration that takes the database to what the models say, and back.
 *
 * @returns paths relative to the project; none when nothing differs
 */
export async function createFromModels(
  project: Project,
  name: string,
  options: CreateOptions,
): Promise<{ files: string[] }> {
  const settings = await project.settings();
  const folder = resolve(settings.root, options.dir ?? settings.dirs[0] ?? 'migrations');
  const changes = await modelChanges(project, options);
  const renames = (options.renames ?? []).map((text) => parseRename(text, changes.fields));
  const removals = (options.removals ?? []).map((text) => parseField(text, changes.fields));
  const files: string[] = [];
  if (!isNothing(changes)) {
    const { migrations } = await project.list();
    const [file] = renderNewMigration({
      name,
      existing: migrations.flatMap((one) => one.file ?? []),
      newestFormat: settings.layout ? 'class' : migrations.at(-1)?.format,
      driver: settings.driver,
      format: 'godwit',
      versions: options.versions ?? settings.versions,
      language: options.language ?? settings.language,
    }).files;
    if (file) {
      const text = renderFromModels(file.content, name, { ...changes, renames, removals });
      await writeNew(join(folder, file.path), text);
      files.push(join(folder, file.path));
    }
  }
  if (options.snapshot || readSnapshot(folder)) {
    const path = join(folder, SNAPSHOT);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(changes.snapshot, undefined, 2)}\n`);
    if (files.length > 0) files.push(path);
  }
  return { files: files.map((path) => relative(settings.root, path).replaceAll('\\', '/')) };
}
