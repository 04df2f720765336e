import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of what make-bundles.ts made. */
    readonly bundles: string;
  }
}

const TESTS = fileURLToPath(new URL('..', import.meta.url));

/** The command line, bundled as the build does it. */
export function bundledCli(): string {
  return join(inject('bundles'), 'cli/main.js');
}

/** The program of a backfill's thread; undefined in a run without servers, which bundles nothing. */
export function bundledThread(): string | undefined {
  const bundles: string | undefined = inject('bundles');
  return bundles && join(bundles, 'worker/thread.mjs');
}

/**
 * A child process's program, bundled, so that Node runs it as it is.
 *
 * @param source `new URL('./child.ts', import.meta.url)`; one of those in make-bundles.ts
 */
export function bundledChild(source: URL): string {
  const path = relative(TESTS, fileURLToPath(source));
  return join(inject('bundles'), 'children', dirname(path), `${basename(path, '.ts')}.mjs`);
}
