// `npm run demo`: sets up what is missing, then tells the story in scripts/demo.ts.
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { inModules, ROOT, runNode } from './steps.mjs';

await setUp();
const { code } = await runNode([
  inModules('jiti/lib/jiti-cli.mjs'),
  join(ROOT, 'scripts/demo.ts'),
  ...process.argv.slice(2),
]);
process.exit(code);
