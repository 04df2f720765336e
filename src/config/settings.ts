import type { PublicIdTables, RegistryHolder } from '../core/public-ids/registry.ts';
import type { CodeMigration } from '../formats/code-source.ts';
import type { CodeSeed } from '../formats/seeds/define-seed.ts';
import type { DriverName } from '../ports/context.ts';
import type { StoreNames, TlsOptions } from '../ports/driver.ts';
import type { FindingSeverity } from '../ports/finding.ts';
import type { MirrorSpec } from '../ports/history.ts';
import type { Layout } from './layout.ts';
import type {
  BackupRetention,
  CheckSeverities,
  ExpectationInput,
  Hooks,
  OutOfOrderPolicy,
  ValidateAfter,
} from './types.ts';

/** `LintConfig`, complete. */
export interface LintSettings {
  readonly rules: Readonly<Record<string, FindingSeverity | 'off'>>;
  readonly idempotent: boolean;
  readonly squawk: boolean;
  readonly secretlint: boolean;
}

/** `SyncConfig`, complete. */
export interface SyncSettings {
  readonly onUp: boolean;
  readonly rebuild: boolean;
  readonly hideForMs: number;
  readonly drop: boolean;
  readonly ignore: readonly string[];
  readonly validators: boolean;
}

/** Log files, complete. */
export interface LogSettings {
  /** Absolute. */
  readonly dir: string;
  readonly maxBytes: number;
  readonly keep: number;
}

export interface BackupSettings {
  readonly mode: 'none' | 'full';
  /** Absolute; it need not exist. */
  readonly dir: string;
  readonly keep: BackupRetention;
  readonly only: readonly string[] | undefined;
  readonly pgDump: string | false | undefined;
  readonly compression: 'gzip' | 'zstd' | 'none';
  readonly consistency: 'any' | 'snapshot';
}

/** One database's settings, complete and checked. */
export interface Settings {
  /** Absolute folder that relative paths are relative to. */
  readonly root: string;
  /** Absolute path of the config, when there is one. */
  readonly configFile: string | undefined;
  /** Name under `databases`, or `default`. */
  readonly name: string;
  readonly driver: DriverName;
  /**
   * May hold a password: never printed. Reading it throws GODWIT_URL_MISSING or
   * GODWIT_URL_INVALID when there is no usable one: what needs no database never asks.
   */
  readonly url: string;
  /** What the URL was taken from, for people: `--url`, `MONGODB_URI`, `config`, `default`. */
  readonly urlFrom: string;
  readonly client: unknown;
  readonly dirs: readonly string[];
  /** Absent: files stay where they are. */
  readonly layout: Layout | undefined;
  /** Absolute; it need not exist. */
  readonly backfillDir: string;
  /** Absolute; it need not exist. */
  readonly modelsDir: string;
  /** Absolute; it need not exist. */
  readonly collectionsDir: string;
  /** Absolute. */
  readonly definitionDirs: readonly string[];
  readonly sync: SyncSettings;
  /** Registered in the config. */
  readonly migrations: readonly CodeMigration[];
  /** Absolute; it need not exist. */
  readonly seedDir: string;
  readonly seeds: readonly CodeSeed[];
  /** Absolute; it need not exist. Undefined: where fixtures usually are. */
  readonly fixturesDir: string | undefined;
  readonly seedMirror: MirrorSpec | undefined;
  /** Somebody asked for the mirror by name, so it is not guessed whose the collection is. */
  readonly seedMirrorAsked: boolean;
  readonly resettable: readonly string[];
  readonly resetSchemas: readonly string[];
  /** May hold a password: never printed. */
  readonly redis: string | undefined;
  readonly format: string;
  readonly mirrors: readonly MirrorSpec[];
  readonly store: StoreNames;
  readonly role: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly lock: 'auto' | 'advisory' | 'lease';
  readonly lockTimeoutMs: number;
  readonly lockLeaseMs: number;
  readonly connectTimeoutMs: number;
  readonly statementLockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockRetries: number;
  readonly outOfOrder: OutOfOrderPolicy;
  readonly variables: Readonly<Record<string, string>>;
  readonly substituteVariables: boolean;
  readonly hooks: Hooks;
  readonly singleTransaction: boolean;
  /** Undefined: no log files. */
  readonly logs: LogSettings | undefined;
  readonly backup: BackupSettings;
  /** Absolute; it need not exist. */
  readonly checksDir: string;
  readonly checks: CheckSeverities;
  readonly lint: LintSettings;
  readonly expectations: readonly ExpectationInput[];
  readonly exposedSchemas: readonly string[] | undefined;
  readonly publicIds: PublicIdTables | RegistryHolder;
  readonly validateAfter: ValidateAfter;
  readonly environment: string;
  readonly production: boolean;
  /** What says that this is production, so that `seed` and `reset` refuse; undefined: nothing. */
  readonly protectedBy: string | undefined;
  readonly versions: 'timestamp' | 'number' | undefined;
  readonly language: 'ts' | 'js' | 'cjs' | 'mjs' | 'sql' | undefined;
}
