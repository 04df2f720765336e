import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { GodwitError, thrownMessage } from '../../errors.ts';

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

/**
 * Writes the baseline and moves the files that it stands for. The baseline is written under
 * another name first and takes its place last; a failure puts every file back.
 *
 * @throws GODWIT_FILE_EXISTS, GODWIT_FILE_UNREADABLE
 */
export async function placeBaseline(
  root: string,
  file: string,
  text: string,
  moves: readonly Move[],
): Promise<void> {
  const target = resolve(root, file);
  const waiting = join(dirname(target), `.${Date.now()}.godwit-baseline`);
  const moved: Move[] = [];
  try {
    for (const path of [target, ...moves.map(({ to }) => resolve(root, to))]) await refuse(path);
    await writeFile(waiting, text, { flag: 'wx' });
    for (const move of moves) {
      await mkdir(dirname(resolve(root, move.to)), { recursive: true });
      await rename(resolve(root, move.from), resolve(root, move.to));
      moved.push(move);
    }
    await rename(waiting, target);
  } catch (thrown) {
    for (const { from, to } of moved.reverse())
      await rename(resolve(root, to), resolve(root, from));
    await rm(waiting, { force: true });
    if (thrown instanceof GodwitError) throw thrown;
    throw new GodwitError(
      'GODWIT_FILE_UNREADABLE',
      `The files cannot be moved: ${thrownMessage(thrown)}`,
      {
        state: 'Every file is where it was.',
        cause: thrown,
      },
    );
  }
}

async function refuse(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return;
  throw new GodwitError('GODWIT_FILE_EXISTS', `${path} exists already.`, {
    where: { file: path },
    state: 'Nothing was moved.',
    next: ['give the baseline another name: godwit squash --name NAME'],
  });
}
