import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GodwitError } from '../errors.ts';
import { findConfig } from './find.ts';
import { renderConfig } from './init-config.ts';
import { inspectProject, type ProjectFacts } from './inspect-project.ts';
import { readJson } from './read-json.ts';

/** `init --json`. Paths are relative to the project. */
export interface InitReport {
  /** What the project has, in words. */
  readonly found: readonly string[];
  readonly written: readonly string[];
  /** What was there already, and stays as it is. */
  readonly kept: readonly string[];
  /** Commands to type next. */
  readonly next: readonly string[];
}

const SCRIPTS = {
  migrate: 'godwit up',
  'migrate:up': 'godwit up',
  'migrate:down': 'godwit down',
  'migrate:status': 'godwit status',
  'migrate:create': 'godwit create',
} as const;

export interface InitOptions {
  /** `classes`: class migrations with \`pending/\`, \`completed/\` and \`migrate.js\`. */
  readonly layout?: 'classes' | undefined;
}

/**
 * Writes a commented config, the folder and package.json scripts that fit what the
 * project has. Never overwrites anything.
 *
 * @param root the project's folder
 * @throws GODWIT_CONFIG_UNREADABLE when package.json is no JSON, GODWIT_FILE_UNREADABLE
 *   when the folder cannot be written
 *
 * @example
 * ```ts
 * const { written } = await initProject(process.cwd());
 * ```
 */
export async function initProject(root: string, { layout }: InitOptions = {}): Promise<InitReport> {
  const inspected = await inspectProject(root);
  const dir = inspected.dir ?? 'migrations';
  const facts: ProjectFacts = layout ? { ...inspected, database: 'mongodb', layout } : inspected;
  const written: string[] = [];
  const kept: string[] = [];
  try {
    const existing = await findConfig(root);
    if (existing !== undefined && dirname(existing) === resolve(root))
      kept.push(basename(existing));
    else {
      const { file, text } = renderConfig(facts);
      await writeFile(join(root, file), text, { flag: 'wx' });
      written.push(file);
    }
    const made = await mkdir(join(root, dir), { recursive: true });
    (made === undefined ? kept : written).push(`${dir}/`);
    if (layout) {
      const files = await (await import('./init-layout.ts')).writeLayout(root, dir, facts.isModule);
      written.push(...files.written);
      kept.push(...files.kept);
    }
    await addScripts(root, layout ? layoutScripts(dir) : SCRIPTS, written, kept);
  } catch (error) {
    if (error instanceof GodwitError) throw error;
    throw unwritable(root, error);
  }
  return {
    found: facts.found,
    written,
    kept,
    next: layout
      ? ['create add-user-avatar', 'status', 'up'].map((words) => `node ${dir}/migrate.js ${words}`)
      : ['godwit create "first change"', 'godwit plan', 'godwit up'],
  };
}

function layoutScripts(dir: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['up', 'down', 'status', 'create'].map((word) => [
      `migrate:${word}`,
      `node ${dir}/migrate.js ${word}`,
    ]),
  );
}

async function addScripts(
  root: string,
  wanted: Readonly<Record<string, string>>,
  written: string[],
  kept: string[],
): Promise<void> {
  const path = join(root, 'package.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const manifest = readJson(text, path) as { scripts?: Record<string, string> };
  const scripts: Record<string, string> = { ...manifest.scripts };
  for (const [name, command] of Object.entries(wanted)) {
    const label = `package.json script ${name}`;
    if (Object.hasOwn(scripts, name)) kept.push(label);
    else {
      scripts[name] = command;
      written.push(label);
    }
  }
  if (Object.keys(scripts).length === Object.keys(manifest.scripts ?? {}).length) return;
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const end = text.endsWith('\n') ? '\n' : '';
  await writeFile(path, `${JSON.stringify({ ...manifest, scripts }, null, indent)}${end}`);
}

function unwritable(root: string, error: unknown): GodwitError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new GodwitError('GODWIT_FILE_UNREADABLE', `The project cannot be set up: ${message}`, {
    where: { file: root },
    state: 'No database was contacted.',
    next: code === 'EACCES' ? [`ls -ld ${root}`] : undefined,
    cause: error,
  });
}
