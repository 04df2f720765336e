import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What a thread begins with: loads the rest, which in this repository is TypeScript. */
const BOOTSTRAP = `
const { workerData } = require('node:worker_threads');
const { entry, jiti } = workerData;
if (jiti) require(jiti).createJiti(entry, { fsCache: false }).import(entry);
else import(entry);
`;

export interface ThreadEntry {
  readonly code: string;
  /** For `workerData`, beside what the thread itself is given. */
  readonly data: { readonly entry: string; readonly jiti?: string };
}

/**
 * Where the thread's code is: beside this file as built or as written, else (this file is
 * part of a bundle) where the package keeps it.
 */
export function threadEntry(): ThreadEntry {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = [join(here, 'thread.js'), ...packaged(here)].find((path) => existsSync(path));
  const written = join(here, 'thread.ts');
  if (existsSync(written) || built === undefined) {
    const jiti = createRequire(import.meta.url).resolve('jiti');
    return { code: BOOTSTRAP, data: { entry: written, jiti } };
  }
  return { code: BOOTSTRAP, data: { entry: pathToFileURL(built).href } };
}

function packaged(from: string): string[] {
  const places: string[] = [];
  for (let folder = from; ; folder = dirname(folder)) {
    places.push(join(folder, 'worker/thread.js'), join(folder, 'dist/worker/thread.js'));
    if (dirname(folder) === folder) return places;
  }
}
