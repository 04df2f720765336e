import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GodwitError, toGodwitError } from '../errors.ts';

/** @throws GodwitError GODWIT_FILE_EXISTS */
export async function writeNew(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { flag: 'wx' });
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') {
      throw new GodwitError('GODWIT_FILE_EXISTS', `${path} exists already.`, {
        where: { file: path },
      });
    }
    throw toGodwitError(thrown, 'GODWIT_FILE_UNREADABLE');
  }
}
