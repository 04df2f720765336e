import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type OwnTemplate, renderNewMigration } from '../formats/create.ts';
import { currentActor } from './actor.ts';
import type { CreateOptions } from './options.ts';
import type { Project } from './project.ts';
import { writeNew } from './write-new.ts';

/**
 * Writes a new migration in the style of the folder. Never overwrites.
 *
 * @returns paths relative to the project
 * @throws GodwitError GODWIT_USAGE, GODWIT_FILE_EXISTS
 */
export async function createFiles(
  project: Project,
  name: string,
  options: CreateOptions,
): Promise<{ files: string[] }> {
  if (options.fromModels) {
    const { createFromModels } = await import('./from-models/create.ts');
    return createFromModels(project, name, options);
  }
  const settings = await project.settings();
  if (options.seed) return createSeed(project, name, options);
  const { migrations } = await project.list();
  const { layout } = settings;
  const folder = layout
    ? layout.pending
    : resolve(settings.root, options.dir ?? settings.dirs[0] ?? 'migrations');
  const templates = layout?.templates ?? join(folder, 'templates');
  const existing = migrations.flatMap((m) => (m.file === undefined ? [] : [m.file]));
  const { files } = renderNewMigration({
    name,
    existing,
    newestFormat: migrations.at(-1)?.format,
    driver: settings.driver,
    format: options.format ?? (layout && settings.format === 'auto' ? 'class' : settings.format),
    template:
      options.template === undefined
        ? undefined
        : ((await ownTemplate(templates, options.template)) ?? options.template),
    author: currentActor(settings.root).user,
    utils: layout && existsSync(join(layout.dir, 'utils')) ? '../utils' : undefined,
    versions: options.versions ?? settings.versions,
    language: options.language ?? settings.language,
  });
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const { path, content } of files) {
    const target = join(folder, path);
    await writeNew(target, content);
    written.push(relative(settings.root, target).replaceAll('\\', '/'));
  }
  return { files: written };
}

async function createSeed(
  project: Project,
  name: string,
  { language, dir }: CreateOptions,
): Promise<{ files: string[] }> {
  const { renderSeed } = await import('../formats/seeds/seed-template.ts');
  const { listProjectSeeds } = await import('./seeds/seed-project.ts');
  const settings = await project.settings();
  const { seeds } = await listProjectSeeds(project);
  const { file, content } = renderSeed({
    name,
    versions: seeds.map(({ version }) => version),
    driver: settings.driver,
    language: language ?? settings.language,
    beside: seeds.at(-1)?.file,
  });
  const path = join(dir === undefined ? settings.seedDir : resolve(settings.root, dir), file);
  await writeNew(path, content);
  return { files: [relative(settings.root, path).replaceAll('\\', '/')] };
}

const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.mts', '.cts'];

/** A file of the project's own wins over a template of the same name. */
async function ownTemplate(folder: string, name: string): Promise<OwnTemplate | undefined> {
  if (/[\\/]/.test(name)) return undefined;
  const given = EXTENSIONS.find((extension) => name.endsWith(extension));
  for (const extension of given === undefined ? EXTENSIONS : [given]) {
    const path = join(folder, given === undefined ? `${name}${extension}` : name);
    if (existsSync(path)) return { text: await readFile(path, 'utf8'), extension };
  }
  return undefined;
}
