// `npm test [-- vitest's arguments]`: sets up what is missing, then runs the tests.
// `npm run soak` runs the same tests with many more rounds.

import { setUp } from './setup.mjs';
import { inModules, runNode } from './steps.mjs';

const args = process.argv.slice(2);
const soak = args.includes('--soak');

await setUp();
const { setUpServers } = await import('./setup-servers.mjs');
await setUpServers();
const { code } = await runNode(
  [inModules('vitest/vitest.mjs'), 'run', ...args.filter((arg) => arg !== '--soak')],
  { env: soak ? { GODWIT_SOAK: '1' } : {} },
);
process.exit(code);
