import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digest, listFiles } from './files.ts';
import { MANIFEST, type StoredBackup } from './library.ts';

/** Everything about a backup's files that is not as its manifest says. */
export async function checkFiles({ folder, manifest }: StoredBackup): Promise<string[]> {
  const problems: string[] = [];
  for (const { path, bytes, sha256 } of manifest.files) {
    const file = join(folder, path);
    const size = await stat(file).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) problems.push(`${path} is missing`);
    else if (size !== bytes) problems.push(`${path} has ${size} bytes instead of ${bytes}`);
    else if ((await digest(file)).sha256 !== sha256) problems.push(`${path} has another checksum`);
  }
  const known = new Set([MANIFEST, ...manifest.files.map(({ path }) => path)]);
  for (const path of await listFiles(folder)) {
    if (!known.has(path)) problems.push(`${path} does not belong to it`);
  }
  return problems;
}
