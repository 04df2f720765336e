// `npm run check [NAME …]`: all that can be checked without a database. Every check runs,
// so that one visit shows all that is wrong. test/unit/checks.test.ts proves that each can fail.
import { checkLinks } from './check-links.mjs';
import { checkLockfile } from './check-lockfile.mjs';
import { setUp } from './setup.mjs';
import { inModules, ROOT, runNode } from './steps.mjs';

/** In the order of their speed; those that look at dist come after the build in `setUp`. */
const CHECKS = [
  { name: 'lockfile', run: () => report(checkLockfile(ROOT)) },
  { name: 'links', run: () => report(checkLinks(ROOT)) },
  { name: 'biome', run: () => program('@biomejs/biome/bin/biome', 'check', '--error-on-warnings') },
  { name: 'types', run: () => program('typescript/bin/tsc', '-p', 'tsconfig.json') },
  { name: 'knip', run: () => program('knip/bin/knip.js', '--no-progress') },
  { name: 'publint', run: () => program('publint/src/cli.js', '--strict') },
  {
    name: 'attw',
    run: () =>
      program('@arethetypeswrong/cli/dist/index.js', '--pack', '.', '--profile', 'esm-only'),
  },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(
    `Unknown: ${unknown.join(', ')}. Checks: ${CHECKS.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

await setUp({ quiet: true });
const failed = [];
for (const { name, run } of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const start = performance.now();
  const { code, output } = await run();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} ${seconds} s`);
  if (code === 0) continue;
  failed.push(name);
  console.log(output);
}
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);

function program(bin, ...args) {
  // npm's environment is gone, so the tools must be told that nobody watches.
  return runNode([inModules(bin), ...args], { capture: true, env: { NO_COLOR: '1' } });
}

function report(findings) {
  return { code: findings.length === 0 ? 0 : 1, output: findings.join('\n') };
}
