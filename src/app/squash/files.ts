import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { GodwitError, thrownMessage } from '../../errors.ts';
import { SQUASH_INTENT } from '../../formats/walk-folders.ts';

export interface Move {
  /** Relative to the project, as `to` is. */
  readonly from: string;
  readonly to: string;
}

/** A migration's file and its companions, such as `.down.sql`. */
export async function filesOf(root: string, file: string, id: string): Promise<string[]> {
  const folder = dirname(file);
  const names = await readdir(resolve(root, folder));
  const own = names.filter((name) => name.startsWith(`${id}.`)).sort();
  return own.map((name) => join(folder, name).replaceAll('\\', '/'));
}

/** What a squash is about to do with the files: written first, gone when all is done. */
export interface SquashIntent {
  readonly version: string;
  readonly id: string;
  /** The baseline's, relative to the project. */
  readonly file: string;
  readonly text: string;
  readonly replaces: readonly string[];
  readonly moves: readonly Move[];
  readonly warnings: readonly string[];
}

/**
 * Moves the files that a baseline stands for, and writes it. A failure puts every file back.
 * What is killed in between leaves the intent beside the files: everything refuses then but
 * another squash, which finishes it.
 *
 * @throws GODWIT_FILE_EXISTS, GODWIT_FILE_UNREADABLE
 */
export async function placeBaseline(root: string, intent: SquashIntent): Promise<void> {
  const { file, moves } = intent;
  const journal = journalOf(root, intent);
  const moved: Move[] = [];
  try {
    for (const path of [file, ...moves.map(({ to }) => to)]) await refuse(resolve(root, path));
    await writeWhole(journal, JSON.stringify(intent));
    await perform(root, intent, moved);
    await rm(journal);
  } catch (thrown) {
    for (const { from, to } of moved.reverse())
      await rename(resolve(root, to), resolve(root, from));
    await rm(journal, { force: true });
    throw unmovable(thrown, 'Every file is where it was.');
  }
}

/**
 * Goes on where a squash was killed.
 *
 * @param path of its intent, relative to the project
 * @throws GODWIT_FILE_EXISTS, GODWIT_FILE_UNREADABLE
 */
export async function finishBaseline(root: string, path: string): Promise<void> {
  try {
    await perform(root, await readIntent(root, path), []);
    await rm(resolve(root, path));
  } catch (thrown) {
    throw unmovable(thrown, 'Some files are moved, some are not; what is to be done stands there.');
  }
}

export async function readIntent(root: string, path: string): Promise<SquashIntent> {
  return JSON.parse(await readFile(resolve(root, path), 'utf8')) as SquashIntent;
}

function journalOf(root: string, { file, id }: SquashIntent): string {
  return join(dirname(resolve(root, file)), `.${id}${SQUASH_INTENT}`);
}

/** Each step only where it is not done yet. */
async function perform(root: string, intent: SquashIntent, moved: Move[]): Promise<void> {
  for (const move of intent.moves) {
    const [from, to] = [resolve(root, move.from), resolve(root, move.to)];
    if (!(await isThere(from)) && (await isThere(to))) continue;
    await refuse(to);
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    moved.push(move);
  }
  await writeWhole(resolve(root, intent.file), intent.text);
}

/** All of it or nothing under its name, which nobody reads before. */
async function writeWhole(path: string, text: string): Promise<void> {
  const waiting = join(dirname(path), `.${basename(path)}.godwit-new`);
  try {
    await writeFile(waiting, text);
    await rename(waiting, path);
  } catch (thrown) {
    await rm(waiting, { force: true });
    throw thrown;
  }
}

function unmovable(thrown: unknown, state: string): GodwitError {
  if (thrown instanceof GodwitError) return thrown;
  const message = `The files cannot be moved: ${thrownMessage(thrown)}`;
  return new GodwitError('GODWIT_FILE_UNREADABLE', message, { state, cause: thrown });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function refuse(path: string): Promise<void> {
  if (!(await isThere(path))) return;
  throw new GodwitError('GODWIT_FILE_EXISTS', `${path} exists already.`, {
    where: { file: path },
    state: 'It was not written over.',
    next: ['give the baseline another name: godwit squash --name NAME'],
  });
}
