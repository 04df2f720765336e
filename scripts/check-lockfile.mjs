// What package-lock.json must be so that `npm ci` works anywhere.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param root folder of package.json and package-lock.json
 * @returns what is wrong, one sentence each
 */
export function checkLockfile(root) {
  const manifest = read(root, 'package.json');
  const { packages } = read(root, 'package-lock.json');
  return [
    ...drift(manifest, packages['']),
    ...leftOut(packages).map(({ name }) => `${name} is left out: run npm run lock.`),
    ...Object.entries(packages).flatMap(faults),
  ];
}

/** Optional dependencies that no folder above their dependent holds: `npm ci` refuses those. */
export function leftOut(packages) {
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

function faults([path, entry]) {
  const found = [];
  // An address would tie the lockfile to one registry, reachable or not.
  if (/^https?:/.test(entry.resolved ?? ''))
    found.push(`${path} has a resolved address: run npm run lock.`);
  // Entries of other platforms may come without one, see complete-lockfile.mjs.
  if (path !== '' && !entry.link && !entry.optional && !entry.integrity)
    found.push(`${path} has no integrity.`);
  return found;
}

function drift(manifest, locked) {
  const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
  return kinds
    .filter(
      (kind) => JSON.stringify(sorted(manifest[kind])) !== JSON.stringify(sorted(locked[kind])),
    )
    .map((kind) => `${kind} of package.json and package-lock.json differ: run npm run lock.`);
}

function sorted(dependencies = {}) {
  return Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1));
}

function read(root, name) {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}
