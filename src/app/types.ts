import type { Settings } from '../config/settings.ts';
import type { Emit } from '../events.ts';
import type { Target } from '../ports/driver.ts';
import type { LockHolder } from '../ports/session.ts';
import type { BackfillApi } from './backfill/types.ts';
import type { BackupApi } from './backup/types.ts';
import type { ModelChanges, ModelChangesOptions } from './from-models/model-changes.ts';
import type {
  CreateOptions,
  LintOptions,
  PlanOptions,
  RecordOptions,
  ResetOptions,
  RunOptions,
  SeedOptions,
  ValidateOptions,
  WriteOptions,
} from './options.ts';
import type { ShownPlan } from './plan/show.ts';
import type {
  DoctorReport,
  HistoryReport,
  LintReport,
  RecordReport,
  ResetReport,
  RunReport,
  SetupReport,
  ShowReport,
  StatusEntry,
  StatusReport,
  ValidationReport,
} from './reports.ts';
import type { RoundtripOptions, RoundtripReport } from './roundtrip/types.ts';
import type { SchemaApi, SquashOptions, SquashReport } from './schema/types.ts';
import type { SyncOptions, SyncPlan, SyncPlanOptions, SyncReport } from './sync/types.ts';

/**
 * Everything the CLI does. Connects at the first call that needs it; `close` when done.
 * Methods reject with GodwitError; a failed migration does not reject, it is in the report.
 */
export interface Migrator extends AsyncDisposable {
  settings(): Promise<Settings>;
  target(): Promise<Target>;
  plan(options?: PlanOptions): Promise<ShownPlan>;
  /** The script a database administrator would run by hand. */
  planSql(options?: PlanOptions): Promise<string>;
  up(options?: RunOptions): Promise<RunReport>;
  down(options?: RunOptions): Promise<RunReport>;
  /** Reverts and applies again the newest, or the given one. */
  redo(options?: RunOptions): Promise<RunReport>;
  /**
   * Sample and reference data: runs the seeds that are not applied. Refused in production:
   * GODWIT_PRODUCTION. A failed seed does not reject, it is in the report.
   */
  seed(options?: SeedOptions): Promise<RunReport>;
  /** `up`, then `sync` where there are models or definitions, then `seed`. Safe to run again. */
  setup(options?: WriteOptions): Promise<SetupReport>;
  /**
   * Drops everything in the database, godwit's records included. Rejects with
   * GODWIT_PRODUCTION, or GODWIT_RESET_REFUSED for a database whose name it was not told.
   */
  reset(options?: ResetOptions): Promise<ResetReport>;
  status(): Promise<StatusReport>;
  /** The folder alone: needs no database. */
  list(): Promise<readonly StatusEntry[]>;
  show(id: string): Promise<ShowReport>;
  history(options?: {
    readonly id?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<HistoryReport>;
  /** Asks folder and database for all that is wrong. Reads only. */
  validate(options?: ValidateOptions): Promise<ValidationReport>;
  /**
   * Reads the files for what is dangerous, and runs none. Needs no database; where one is
   * configured and answers, its sizes decide how dangerous.
   */
  lint(options?: LintOptions): Promise<LintReport>;
  /** Records by hand that a migration is applied, or is not. */
  mark(id: string, as: 'applied' | 'pending', options?: RecordOptions): Promise<RecordReport>;
  /** Takes the present files of these (or all) modified migrations as the applied ones. */
  accept(ids: readonly string[], options?: RecordOptions): Promise<RecordReport>;
  /** Records everything up to and with this version as applied, without running it. */
  baseline(version: string, options?: RecordOptions): Promise<RecordReport>;
  /** How collections and indexes differ from models and definitions. */
  planSync(options?: SyncPlanOptions): Promise<SyncPlan>;
  /** Brings collections and indexes in line with models and definitions. */
  sync(options?: SyncOptions): Promise<SyncReport>;
  /** Folds applied files into one baseline; the files are moved aside, never deleted. */
  squash(options?: SquashOptions): Promise<SquashReport>;
  /**
   * Runs migrations up, down and up again in a database made for it, and reports what `down`
   * did not restore. The project's own database is read only with `sample`.
   */
  test(options?: RoundtripOptions): Promise<RoundtripReport>;
  /** How models differ from the last snapshot, or from the database. */
  modelChanges(options?: ModelChangesOptions): Promise<ModelChanges>;
  create(name: string, options?: CreateOptions): Promise<{ readonly files: readonly string[] }>;
  /** The schema as data: dumps and differences. */
  readonly schema: SchemaApi;
  /** Large data changes in chunks. */
  readonly backfill: BackfillApi;
  /** Full copies: made, listed, restored, verified, pruned. */
  readonly backup: BackupApi;
  lockHolder(): Promise<LockHolder | undefined>;
  /** Takes the lock away from exactly this holder. */
  unlock(holder: LockHolder): Promise<boolean>;
  doctor(): Promise<DoctorReport>;
  /** Whether the database has at least this version applied, without a gap before it. */
  isAtLeast(version: string | number): Promise<boolean>;
  /** @returns a function that stops listening */
  on(listener: Emit): () => void;
  close(): Promise<void>;
}
