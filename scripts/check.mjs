// `npm run check [NAME …]`: all that can be checked without a database. Every check runs,
// so that one visit shows all that is wrong. test/unit/checks.test.ts proves that each can fail.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkLinks } from './check-links.mjs';
import { checkLockfile } from './check-lockfile.mjs';
import { setUp } from './setup.mjs';
import { inModules, ROOT, run, runNode } from './steps.mjs';

/** Folders with a lockfile of their own. */
const LOCKED = ['.', 'bench'];

/** In the order of their speed; those that look at the package come after the build in `setUp`. */
const CHECKS = [
  { name: 'lockfile', run: () => report(LOCKED.flatMap(lockfileFaults)) },
  { name: 'links', run: () => report(checkLinks(ROOT)) },
  { name: 'biome', run: () => program('@biomejs/biome/bin/biome', 'check', '--error-on-warnings') },
  { name: 'types', run: () => program('typescript/bin/tsc', '-p', 'tsconfig.json') },
  { name: 'knip', run: () => program('knip/bin/knip.js', '--no-progress') },
  { name: 'publint', run: () => onPackage('publint/src/cli.js', '--strict') },
  {
    name: 'attw',
    run: () => onPackage('@arethetypeswrong/cli/dist/index.js', '--profile', 'esm-only'),
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
for (const { name, run: check } of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const start = performance.now();
  const { code, output } = await check();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} ${seconds} s`);
  if (code === 0) continue;
  failed.push(name);
  console.log(output);
}
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`);
process.exit(failed.length === 0 ? 0 : 1);

function lockfileFaults(folder) {
  return checkLockfile(join(ROOT, folder)).map((fault) => `${folder}: ${fault}`);
}

function program(bin, ...args) {
  // npm's environment is gone, so the tools must be told that nobody watches.
  return runNode([inModules(bin), ...args], { capture: true, env: { NO_COLOR: '1' } });
}

/** As it would be published. Nothing is built for it: that was done in `setUp`. */
async function onPackage(bin, ...args) {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-package-'));
  try {
    const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
    const packed = await run('npm', pack, { capture: true });
    const [name] = readdirSync(folder);
    return name ? await program(bin, join(folder, name), ...args) : { ...packed, code: 1 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(findings) {
  return { code: findings.length === 0 ? 0 : 1, output: findings.join('\n') };
}
