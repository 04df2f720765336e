import { access, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runQuietly } from './run-quietly.ts';

/** The folder of the benchmarks, with a package.json and node_modules of its own. */
export const BENCH: string = dirname(dirname(fileURLToPath(import.meta.url)));

const GOOSE = '3.29.0';

/** goose with PostgreSQL only: less to download, to build and to start. */
const GOOSE_TAGS =
  'no_clickhouse no_duckdb no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb';

/** Installs what bench/package.json names, as its lockfile says; quick when it is there. */
export async function installPeers(): Promise<void> {
  const read = (path: string): Promise<string> => readFile(join(BENCH, path), 'utf8');
  const { packages: wanted } = JSON.parse(await read('package-lock.json')) as Lock;
  const installed = await read('node_modules/.package-lock.json').then(
    (text) => (JSON.parse(text) as Lock).packages,
    () => ({}) as Lock['packages'],
  );
  const upToDate = Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === '' || optional === true || installed[path]?.version === version,
  );
  if (!upToDate) await runQuietly('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH });
}

interface Lock {
  readonly packages: Record<string, { version?: string; optional?: boolean }>;
}

/**
 * Builds goose through the Go module proxy, once per machine.
 *
 * @returns its path; undefined where there is no Go or the build fails
 */
export async function installGoose(): Promise<string | undefined> {
  const folder = join(tmpdir(), `godwit-bench-goose-${GOOSE}`);
  const binary = join(folder, process.platform === 'win32' ? 'goose.exe' : 'goose');
  if (await exists(binary)) return binary;
  await mkdir(folder, { recursive: true });
  const source = `github.com/pressly/goose/v3/cmd/goose@v${GOOSE}`;
  const args = ['install', '-tags', GOOSE_TAGS, source];
  try {
    await runQuietly('go', args, { cwd: folder, env: { GOBIN: folder } });
    return binary;
  } catch (error) {
    process.stderr.write(`goose is left out: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}

/** The binary itself: its npm package starts it through Node, which would be measured too. */
export function dbmateBinary(): string {
  const packageFile = `@dbmate/${process.platform}-${process.arch}/package.json`;
  return join(dirname(resolvePeer(packageFile)), 'bin', 'dbmate');
}

export function resolvePeer(specifier: string): string {
  return createRequire(join(BENCH, 'package.json')).resolve(specifier);
}

/** `name version` of each peer, for the record. */
export async function peerVersions(goose: boolean): Promise<string> {
  const text = await readFile(join(BENCH, 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`);
  return [...versions, ...(goose ? [`goose ${GOOSE} (built with PostgreSQL only)`] : [])].join(
    ', ',
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
