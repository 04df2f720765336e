import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TestFolder {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(): Promise<void>;
}

/** A project folder of the test's own, with these files. */
export async function createFolder(
  files: Readonly<Record<string, string>> = {},
): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'godwit-e2e-'));
  const folder: TestFolder = {
    path,
    async write(more) {
      for (const [name, text] of Object.entries(more)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
  await folder.write(files);
  return folder;
}
