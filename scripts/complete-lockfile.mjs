// Adds the packages for other operating systems that npm left out of the lockfile.
//
// A registry that mirrors only some platforms makes `npm install` drop the rest from
// package-lock.json without a word, and `npm ci` then refuses the file everywhere. The
// entries written here have no integrity: npm reads it from the registry when such a
// platform installs. Run through `npm run lock` after every change of dependencies.
//
// node scripts/complete-lockfile.mjs [folder]
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(process.argv[2] ?? '.', 'package-lock.json');
const SYSTEMS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
];
const PROCESSORS = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'x64',
];

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const added = missing(lock.packages);
for (const { name, version, dev } of added) {
  lock.packages[`node_modules/${name}`] = {
    version,
    ...platform(name),
    ...(dev && { dev }),
    optional: true,
  };
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
if (added.length > 0) writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`${FILE}: ${added.length} packages of other platforms added`);

/** Optional dependencies that no folder above their dependent would hold. */
function missing(packages) {
  const found = new Map();
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!reachable(packages, path, name)) found.set(name, { name, version, dev: entry.dev });
    }
  }
  return [...found.values()];
}

function reachable(packages, path, name) {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base === '' ? '' : `${base}/`}node_modules/${name}`]) return true;
    if (base === '') return false;
  }
}

/** Platform packages are named after what they run on. */
function platform(name) {
  const words = name.split('/').at(-1).split('-');
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (!os || !cpu)
    throw new Error(`${name} is missing from package-lock.json and names no platform`);
  const musl = words.some((word) => word.startsWith('musl'));
  const libc = os === 'linux' && { libc: [musl ? 'musl' : 'glibc'] };
  return { cpu: [cpu], os: [os], ...libc };
}
