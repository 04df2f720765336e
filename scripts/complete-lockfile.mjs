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
import { leftOut } from './check-lockfile.mjs';

const FILE = join(process.argv[2] ?? '.', 'package-lock.json');
const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
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
const added = leftOut(lock.packages);
for (const { name, version, dev } of added) {
  const entry = { version, ...platform(name), ...(dev && { dev }), optional: true };
  lock.packages[`node_modules/${name}`] = entry;
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
if (added.length > 0) writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`${FILE}: ${added.length} packages of other platforms added`);

/** Platform packages are named after what they run on. */
function platform(name) {
  const words = name.split('/').at(-1).split('-');
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (!os || !cpu) throw new Error(`${name} is not in ${FILE} and names no platform`);
  const musl = words.some((word) => word.startsWith('musl'));
  return { cpu: [cpu], os: [os], ...(os === 'linux' && { libc: [musl ? 'musl' : 'glibc'] }) };
}
