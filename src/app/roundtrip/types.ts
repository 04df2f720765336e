import type { Difference } from '../../core/roundtrip/report.ts';
import type { ErrorInfo } from '../../errors.ts';
import type { CodeSeed } from '../../formats/seeds/define-seed.ts';
import type { DriverName } from '../../ports/context.ts';
import type { WriteOptions } from '../options.ts';

/** Rows by table or collection; or a function that is given a migration's context. */
export type Fixture = Readonly<Record<string, readonly object[]>> | CodeSeed['run'];

export interface RoundtripOptions extends WriteOptions {
  /** Ids, versions or names. Default: all; with `sample` those that are pending. */
  readonly ids?: readonly string[] | undefined;
  /**
   * URL of a server on which databases with random names may be made and dropped. Default: a
   * mongod that is started for it, or PGlite in memory.
   */
  readonly server?: string | undefined;
  /** What is loaded before a migration, by its id or version, beside the folder's. */
  readonly fixtures?: Readonly<Record<string, Fixture>> | undefined;
  /** Instead of fixtures: so many rows of each of the project's tables, anonymised. */
  readonly sample?: number | undefined;
  /** Another seed gives other anonymised data. Default `godwit`. */
  readonly seed?: string | undefined;
  /** Stop at the first that fails. */
  readonly bail?: boolean | undefined;
}

/** `test --json`. */
export interface RoundtripReport {
  /** What they were tested on. */
  readonly database: {
    readonly driver: DriverName;
    /** The server's version. */
    readonly version: string;
    /** For people: what it was, and where. */
    readonly where: string;
  };
  /** Null: not asked for. */
  readonly sample: SampleReport | null;
  readonly migrations: readonly RoundtripResult[];
  readonly summary: {
    readonly passed: number;
    readonly failed: number;
    /** Passed, and without a way back. */
    readonly irreversible: number;
    /** Not tested, because one before them failed. */
    readonly skipped: number;
  };
  readonly durationMs: number;
}

export interface SampleReport {
  readonly tables: number;
  readonly rows: number;
  /** Rows that the database did not take, anonymised as they were. */
  readonly refused: number;
}

export interface RoundtripStep {
  readonly status: 'applied' | 'reverted' | 'failed';
  readonly durationMs: number;
  readonly error?: ErrorInfo | undefined;
}

export interface RoundtripResult {
  readonly id: string;
  readonly version: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly reversible: boolean;
  /** Null: it was not run. */
  readonly up: RoundtripStep | null;
  readonly down: RoundtripStep | null;
  /** The second `up`; of one without a way back, `up` in a second database. */
  readonly again: RoundtripStep | null;
  /** Fixtures that were loaded for it. */
  readonly fixtures: readonly string[];
  /** What `down` did not restore, or the second `up` did otherwise. */
  readonly differences: readonly Difference[];
  /** What kept it from being tested. */
  readonly error?: ErrorInfo | undefined;
  readonly durationMs: number;
}
