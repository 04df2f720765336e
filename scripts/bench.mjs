// `npm run bench -- NAME [arguments]`: runs bench/NAME/run.ts, or else every bench/NAME/*.ts
// that is named `bench-….ts`, on the built package. Without a name: what there is.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inModules, insist, ROOT, run, runNode } from './steps.mjs';

const folder = join(ROOT, 'bench');
const names = existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !['node_modules', 'support'].includes(entry.name))
      .map((entry) => entry.name)
  : [];
const [name, ...args] = process.argv.slice(2);

if (!name || !names.includes(name)) {
  const known = names.length > 0 ? names.join(', ') : 'none yet';
  process.stderr.write(`Usage: npm run bench -- NAME [arguments]. Benchmarks: ${known}.\n`);
  process.exit(name ? 2 : 0);
}

const { setUp } = await import('./setup.mjs');
await setUp();
// The peers that it measures against are no business of whoever only uses or tests godwit.
if (existsSync(join(folder, 'package.json')) && !existsSync(join(folder, 'node_modules'))) {
  insist(await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder }), 'npm ci in bench');
}
for (const file of filesOf(join(folder, name))) {
  const { code } = await runNode([inModules('jiti/lib/jiti-cli.mjs'), file, ...args]);
  if (code !== 0) process.exit(code);
}

function filesOf(path) {
  const main = join(path, 'run.ts');
  if (existsSync(main)) return [main];
  const scripts = readdirSync(path).filter((entry) => /^bench-.*\.ts$/.test(entry));
  return scripts.sort().map((entry) => join(path, entry));
}
