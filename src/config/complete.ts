import { join, resolve } from 'node:path';
import type { TlsOptions } from '../ports/driver.ts';
import { classesLayout, layoutFolders } from './layout.ts';
import type { LoadedConfig } from './load.ts';
import { overlay } from './merge.ts';
import { resolveMirrors, seedMirrorOf } from './mirror.ts';
import type { BackupSettings, Settings, SyncSettings } from './settings.ts';
import { parseSpan } from './span.ts';
import type { DatabaseConfig } from './types.ts';

export interface Completion {
  readonly loaded: LoadedConfig;
  readonly name: string;
  readonly database: DatabaseConfig;
  readonly overrides: DatabaseConfig;
  /** Absolute folder that the overrides' paths are relative to. */
  readonly from: string;
}

type WithoutUrl = Omit<
  Settings,
  'driver' | 'url' | 'urlFrom' | 'client' | 'environment' | 'production' | 'protectedBy'
>;

/** Fills in every default, and makes paths absolute. */
export async function completeSettings(completion: Completion): Promise<WithoutUrl> {
  const { loaded, name, database, overrides, from } = completion;
  const { config, file, root } = loaded;
  const all = overlay(database, overrides);
  const dirs =
    overrides.dir === undefined ? foldersOf(database.dir, root) : foldersOf(overrides.dir, from);
  const layout = all.layout && dirs[0] !== undefined ? classesLayout(dirs[0]) : undefined;
  return {
    root,
    configFile: file,
    name,
    dirs: layout ? layoutFolders(layout) : dirs,
    layout,
    backfillDir:
      overrides.backfillDir === undefined
        ? resolve(root, database.backfillDir ?? 'backfills')
        : resolve(from, overrides.backfillDir),
    modelsDir: folderOf('modelsDir', 'models', completion),
    collectionsDir: folderOf('collectionsDir', 'collections', completion),
    definitionDirs: (all.definitions ?? []).map((dir) =>
      resolve(overrides.definitions === undefined ? root : from, dir),
    ),
    sync: syncSettings(all.sync),
    ...seedsOf(completion),
    fixturesDir: fixturesOf(completion),
    redis: all.redis ?? loaded.env['GODWIT_REDIS_URL'],
    format: all.format ?? 'auto',
    mirrors: await resolveMirrors(all.mirror ?? (layout && 'migrations')),
    store: { schema: 'godwit', prefix: 'godwit_', ...all.store },
    role: all.role,
    tls: mergeTls(absoluteTls(database.tls, root), absoluteTls(overrides.tls, from)),
    hooks: all.hooks ?? {},
    variables: all.variables ?? {},
    substituteVariables: all.variables !== undefined,
    outOfOrder: all.outOfOrder ?? 'warn',
    singleTransaction: all.singleTransaction ?? false,
    logs: logsOf(all.logs, overrides.logs === undefined ? root : from),
    backup: backupOf(completion, all.backup),
    versions: config.versions,
    language: config.language,
    ...limitsOf(all),
    ...checksOf(all),
    checksDir:
      overrides.checksDir === undefined
        ? resolve(root, database.checksDir ?? 'checks')
        : resolve(from, overrides.checksDir),
  };
}

/** Who configures something to be asked wants it asked. */
function checksOf(all: DatabaseConfig) {
  const asked = all.expectations ?? all.checks ?? all.checksDir;
  return {
    checks: all.checks ?? {},
    lint: {
      rules: {},
      idempotent: false,
      squawk: true,
      secretlint: true,
      ...withoutGaps(all.lint),
    },
    expectations: all.expectations ?? [],
    exposedSchemas: all.exposedSchemas,
    publicIds: all.publicIds ?? {},
    validateAfter: all.validateAfter ?? (asked === undefined ? false : ('plan' as const)),
  };
}

/** What is given as undefined is not given. */
function withoutGaps(lint: DatabaseConfig['lint']): Partial<Settings['lint']> {
  return Object.fromEntries(Object.entries(lint ?? {}).filter(([, value]) => value !== undefined));
}

function backupOf(
  { loaded, name, database, overrides, from }: Completion,
  all: DatabaseConfig['backup'],
): BackupSettings {
  const { root, config } = loaded;
  const given = overrides.backup?.dir;
  // A folder at the top of the config is every database's: each has its own within it.
  const own = config.databases === undefined || config.databases[name]?.backup?.dir !== undefined;
  const shared = resolve(root, database.backup?.dir ?? join('backup', 'migrations'));
  const pgDump = all?.pgDump;
  return {
    mode: all?.mode ?? 'none',
    dir: given !== undefined ? resolve(from, given) : own ? shared : join(shared, name),
    keep: all?.keep ?? {},
    only: all?.only,
    // A bare name is looked for on the PATH.
    pgDump: typeof pgDump === 'string' && /[\\/]/.test(pgDump) ? resolve(root, pgDump) : pgDump,
    compression: all?.compression ?? 'gzip',
    consistency: all?.consistency ?? 'any',
  };
}

function seedsOf({ loaded, database, overrides, from }: Completion) {
  const all = overlay(database, overrides);
  return {
    migrations: database.migrations ?? [],
    seedDir:
      overrides.seedDir === undefined
        ? resolve(loaded.root, database.seedDir ?? 'seeds')
        : resolve(from, overrides.seedDir),
    seeds: all.seeds ?? [],
    seedMirror: seedMirrorOf(all.seedMirror),
    seedMirrorAsked: all.seedMirror !== undefined,
    resettable: [all.resettable ?? []].flat(),
    resetSchemas: all.resetSchemas ?? ['public'],
  };
}

function fixturesOf({ loaded, database, overrides, from }: Completion): string | undefined {
  if (overrides.fixturesDir !== undefined) return resolve(from, overrides.fixturesDir);
  const { fixturesDir } = database;
  return fixturesDir === undefined ? undefined : resolve(loaded.root, fixturesDir);
}

function limitsOf(all: DatabaseConfig) {
  return {
    lock: all.lock ?? 'auto',
    lockTimeoutMs: all.lockTimeoutMs ?? 60_000,
    lockLeaseMs: all.lockLeaseMs ?? 15_000,
    connectTimeoutMs: all.connectTimeoutMs ?? 4_000,
    statementLockTimeoutMs: all.statementLockTimeoutMs ?? 5_000,
    statementTimeoutMs: all.statementTimeoutMs ?? 0,
    lockRetries: all.lockRetries ?? 5,
  };
}

function logsOf(logs: DatabaseConfig['logs'], folder: string): Settings['logs'] {
  if (logs === undefined || logs === false) return undefined;
  const { dir = 'logs', maxBytes = 10 * 1024 * 1024, keep = 5 } = logs === true ? {} : logs;
  return { dir: resolve(folder, dir), maxBytes, keep };
}

function folderOf(
  key: 'modelsDir' | 'collectionsDir',
  standard: string,
  { loaded, database, overrides, from }: Completion,
): string {
  const own = overrides[key];
  return own === undefined ? resolve(loaded.root, database[key] ?? standard) : resolve(from, own);
}

function syncSettings(sync: DatabaseConfig['sync']): SyncSettings {
  const given = typeof sync === 'object' ? sync : {};
  return {
    onUp: typeof sync === 'object' ? (sync.onUp ?? true) : sync === true,
    rebuild: given.rebuild ?? false,
    hideForMs: parseSpan(given.hideFor ?? 0) ?? 0,
    drop: given.drop ?? true,
    ignore: given.ignore ?? [],
    validators: given.validators ?? false,
  };
}

function foldersOf(dir: DatabaseConfig['dir'], root: string): string[] {
  const dirs = dir === undefined ? ['migrations'] : typeof dir === 'string' ? [dir] : dir;
  return [...new Set(dirs.map((folder) => resolve(root, folder)))];
}

function absoluteTls(tls: TlsOptions | undefined, root: string): TlsOptions | undefined {
  if (tls === undefined) return undefined;
  const absolute = (path: string | undefined) =>
    path === undefined ? undefined : resolve(root, path);
  return {
    ...tls,
    ...(tls.caFile && { caFile: absolute(tls.caFile) }),
    ...(tls.certFile && { certFile: absolute(tls.certFile) }),
    ...(tls.keyFile && { keyFile: absolute(tls.keyFile) }),
  };
}

function mergeTls(
  config: TlsOptions | undefined,
  overrides: TlsOptions | undefined,
): TlsOptions | undefined {
  return config === undefined && overrides === undefined ? undefined : { ...config, ...overrides };
}
