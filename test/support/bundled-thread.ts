import { pathToFileURL } from 'node:url';
import { vi } from 'vitest';
import { bundledThread } from './bundles.ts';

/** From its source a thread takes a second to start, and some tests start dozens. */
vi.mock('../../src/worker/entry.ts', async (original) => {
  const { threadEntry } = await original<typeof import('../../src/worker/entry.ts')>();
  const thread = bundledThread();
  if (thread === undefined) return { threadEntry };
  const { code } = threadEntry();
  return { threadEntry: () => ({ code, data: { entry: pathToFileURL(thread).href } }) };
});
