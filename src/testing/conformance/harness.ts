import type { Driver, StoreNames } from '../../ports/driver.ts';
import type { StepCall } from '../../ports/migration.ts';

/** What the suite needs to know of a driver: a new database per test, and marks in it. */
export interface DriverHarness {
  /** Whether a second driver may have the same database open at the same time. */
  readonly shared: boolean;
  /** Whether the driver runs SQL files, as its `capabilities.sql` says. */
  readonly sql: boolean;
  /** Makes a new, empty database. */
  create(): Promise<HarnessDatabase>;
}

export interface HarnessDatabase {
  /** Opens the database with the driver under test; the suite closes it. */
  open(change?: { readonly store?: StoreNames | undefined }): Promise<Driver>;
  /** Leaves mark `n` through the handles a migration was given, in its transaction. */
  mark(call: StepCall, n: number): Promise<void>;
  /** The marks as somebody else sees them, in ascending order. */
  marks(): Promise<number[]>;
  /** Names of all tables or collections, godwit's own included; `schema.table` for SQL. */
  objects(): Promise<string[]>;
  /** Removes the database. Every driver is closed by then. */
  drop(): Promise<void>;
}

/** `it` and `describe` of vitest, jest or node:test. */
export interface TestApi {
  describe(name: string, body: () => void): unknown;
  it: TestFunction;
}

export interface TestFunction {
  (name: string, body: () => Promise<void>): unknown;
  readonly skip?: ((name: string, body: () => Promise<void>) => unknown) | undefined;
}

/** Tests that a driver cannot pass, and why. */
export interface Skip {
  readonly reason: string;
  /** Names of tests as the suite has them. */
  readonly tests: readonly string[];
}

export interface ConformanceTest {
  readonly name: string;
  /** Only where a second driver may be open at the same time. */
  readonly shared?: boolean | undefined;
  /** Only where the driver runs SQL files. */
  readonly sql?: boolean | undefined;
  run(trial: Trial): Promise<void>;
}

/** One test's database; what was opened is closed when it ends. */
export interface Trial {
  readonly database: HarnessDatabase;
  readonly open: HarnessDatabase['open'];
  end(): Promise<void>;
}

export function createTrial(database: HarnessDatabase): Trial {
  const opened: Driver[] = [];
  return {
    database,
    async open(change) {
      const driver = await database.open(change);
      opened.push(driver);
      return driver;
    },
    async end() {
      try {
        for (const driver of opened) await driver.close();
      } finally {
        await database.drop();
      }
    },
  };
}
