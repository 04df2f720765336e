// Server programs that some tests want and npm does not carry. As root on Debian what is
// missing is installed with apt-get; elsewhere it is said, and the tests that need it fail
// with the same words.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './steps.mjs';

const WANTED = [
  { what: 'a PostgreSQL server of the system', package: 'postgresql', isThere: hasPostgres },
  {
    what: 'redis-server',
    package: 'redis-server',
    // Only the program is wanted: no service that listens on this machine.
    isThere: () => onPath('redis-server'),
  },
  { what: 'pgbouncer', package: 'pgbouncer', isThere: () => onPath('pgbouncer') },
  // Completion is tried in the shells themselves.
  { what: 'zsh', package: 'zsh', isThere: () => onPath('zsh') },
  { what: 'fish', package: 'fish', isThere: () => onPath('fish') },
];

/** Installs what is missing where that is possible without asking anybody. */
export async function setUpServers() {
  const missing = WANTED.filter(({ isThere }) => !isThere());
  if (missing.length === 0) return;
  const packages = missing.map((wanted) => wanted.package);
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    say(
      `Not found: ${missing.map(({ what }) => what).join(', ')}. Tests that need them will fail.`,
    );
    say(`On Debian: sudo apt-get install ${packages.join(' ')}`);
    return;
  }
  say(`Installing ${packages.join(', ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env, capture: true });
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  const { code, output } = await run('apt-get', args, { env, capture: true });
  if (code !== 0)
    say(`apt-get failed; tests that need ${packages.join(', ')} will fail.\n${output}`);
}

function hasPostgres() {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base) : [];
  return versions.some((version) => existsSync(join(base, version, 'bin/initdb')));
}

function onPath(name) {
  const folders = `${process.env.PATH ?? ''}${delimiter}/usr/sbin`.split(delimiter);
  return folders.some((folder) => existsSync(join(folder, name)));
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

if (process.argv[1] === import.meta.filename) await setUpServers();
