import { execFile } from 'node:child_process';
import { basename, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { compareVersions } from '../../core/ordering.ts';
import { GodwitError } from '../../errors.ts';
import { parseFileName } from '../../formats/file-names.ts';
import type { LintBase } from '../../lint/rule.ts';
import { shownPath } from './collect-files.ts';

export interface BaseAnswer extends LintBase {
  /** Files of migrations, as shown, that are on the branch and not here. */
  readonly deleted: readonly string[];
}

const run = promisify(execFile);
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Compares folders with a branch of git, from where this one left it: what others changed
 * there meanwhile is not counted as edited here.
 *
 * @param reference a branch, a tag or a commit; a branch that is only on `origin` counts
 * @param root what files are shown relative to, absolute
 * @throws GODWIT_LINT_BASE_UNKNOWN where there is no git, no checkout, or no such branch
 */
export async function readBase(
  reference: string,
  root: string,
  folders: readonly string[],
): Promise<BaseAnswer> {
  const top = (await git(root, ['rev-parse', '--show-toplevel'])).trim();
  const tip = await resolveReference(root, reference);
  const start = (await git(root, ['merge-base', tip, 'HEAD']).catch(() => tip)).trim();
  const within = folders.map((folder) => `:(literal)${resolve(folder)}`);
  const there = await list(root, top, ['ls-tree', '-r', '-z', '--name-only', '--full-name', tip]);
  const onBase = there.filter((path) => folders.some((folder) => isWithin(folder, path)));
  const changed = await list(root, top, [
    ...['diff', '-z', '--name-only', '--no-renames', '--diff-filter=MT', start, '--'],
    ...within,
  ]);
  const removed = await list(root, top, [
    ...['diff', '-z', '--name-only', '--no-renames', '--diff-filter=D', start, '--'],
    ...within,
  ]);
  const differing = await list(root, top, [
    ...['diff', '-z', '--name-only', '--no-renames', tip, '--'],
    ...within,
  ]);
  const untracked = await list(root, top, [
    ...['ls-files', '-z', '--others', '--exclude-standard', '--full-name', '--'],
    ...within,
  ]);
  const known = new Set(onBase);
  const differs = new Set(differing);
  const shown = (paths: readonly string[]) => paths.map((path) => shownPath(root, path));
  return {
    name: reference,
    newest: newestOf(onBase),
    added: new Set(shown([...differing, ...untracked].filter((path) => !known.has(path)))),
    edited: new Set(shown(changed.filter((path) => known.has(path) && differs.has(path)))),
    deleted: shown(removed.filter((path) => known.has(path) && versionOf(path) !== undefined)),
  };
}

function isWithin(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below !== '' && !below.startsWith('..') && !below.startsWith(sep);
}

async function resolveReference(root: string, reference: string): Promise<string> {
  for (const name of [reference, `origin/${reference}`]) {
    const asked = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
    const commit = (await git(root, asked).catch(() => '')).trim();
    if (commit !== '') return commit;
  }
  throw unknownBase(
    `git knows no ${JSON.stringify(reference)}, nor origin/${reference}.`,
    reference,
  );
}

/** Absolute paths, with the system's separators. */
async function list(root: string, top: string, words: readonly string[]): Promise<string[]> {
  const output = await git(root, words);
  return output
    .split('\0')
    .filter((path) => path !== '')
    .map((path) => resolve(top, path));
}

async function git(root: string, words: readonly string[]): Promise<string> {
  try {
    const options = { cwd: root, maxBuffer: MOST_OUTPUT, windowsHide: true };
    return (await run('git', [...words], options)).stdout;
  } catch (thrown) {
    const { stderr = '', message } = thrown as Error & { stderr?: string };
    const said = stderr.trim().split('\n')[0] || message;
    throw unknownBase(`The base branch cannot be asked: ${said}`, undefined);
  }
}

function unknownBase(message: string, reference: string | undefined): GodwitError {
  return new GodwitError('GODWIT_LINT_BASE_UNKNOWN', message, {
    state: 'No file was looked at.',
    next: [
      reference === undefined ? 'run it in a git checkout' : `git fetch origin ${reference}`,
      'godwit lint',
    ],
  });
}

function newestOf(paths: readonly string[]): LintBase['newest'] {
  let newest: { id: string; version: string } | undefined;
  for (const path of paths) {
    const found = versionOf(path);
    if (found && (!newest || compareVersions(found.version, newest.version) > 0)) newest = found;
  }
  return newest;
}

/** Of a file that holds a migration's `up`. */
function versionOf(path: string): { id: string; version: string } | undefined {
  const parsed = parseFileName(basename(path));
  if (!parsed || !('role' in parsed)) return undefined;
  if (parsed.role === 'down' || parsed.role === 'verify') return undefined;
  return { id: parsed.stem, version: parsed.version };
}
