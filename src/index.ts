export type {
  BackfillApi,
  BackfillControlReport,
  BackfillEntry,
  BackfillListing,
  BackfillReport,
  BackfillRunOptions,
  BackfillState,
  BackfillStatus,
  BackfillUndoReport,
} from './app/backfill/types.ts';
export type {
  BackupApi,
  BackupCreateOptions,
  BackupEntry,
  BackupListing,
  BackupPruneOptions,
  BackupReport,
  BackupRestoreOptions,
  BackupTaken,
  BackupVerification,
  BackupVerifyOptions,
  PruneReport,
  RestoreResult,
} from './app/backup/types.ts';
export { MigrationRunner, type MigrationRunnerOptions } from './app/classes/runner.ts';
export { createMigrator } from './app/create-migrator.ts';
export type {
  CreateOptions,
  LintOptions,
  MigratorOptions,
  PlanOptions,
  RecordOptions,
  ResetOptions,
  RunOptions,
  SeedOptions,
  WriteOptions,
} from './app/options.ts';
export type {
  DoctorReport,
  HistoryReport,
  HistoryRun,
  LintReport,
  RecordReport,
  ResetReport,
  RunReport,
  RunResult,
  SetupReport,
  ShowReport,
  StatusEntry,
  StatusReport,
  ValidationReport,
} from './app/reports.ts';
export type {
  RoundtripOptions,
  RoundtripReport,
  RoundtripResult,
  RoundtripStep,
} from './app/roundtrip/types.ts';
export type {
  SchemaApi,
  SchemaDiffOptions,
  SchemaDiffReport,
  SchemaDump,
  SchemaPlanOptions,
  SquashOptions,
  SquashReport,
} from './app/schema/types.ts';
export type {
  SyncOptions,
  SyncPlan,
  SyncPlanOptions,
  SyncReport,
  SyncResult,
} from './app/sync/types.ts';
export type { Migrator } from './app/types.ts';
export { defineConfig } from './config/index.ts';
export type { BackupSettings, Settings } from './config/settings.ts';
export type {
  BackupConfig,
  BackupRetention,
  ConfigInput,
  DatabaseConfig,
  GodwitConfig,
  Hook,
  HookCall,
  Hooks,
  OutOfOrderPolicy,
  SyncConfig,
} from './config/types.ts';
export type { DryRun, SampledRow } from './core/backfill/dry-run.ts';
export type { WorkEnd } from './core/backfill/work-parts.ts';
export type { Plan, PlanProblem, PlanStep } from './core/plan.ts';
export type { SchemaChange } from './core/schema-diff.ts';
export type { MigrationState } from './core/state.ts';
export {
  type Publishing,
  type PublishOptions,
  publishBackfills,
  type WorkOptions,
  type WorkReport,
  workOnBackfills,
} from './distribution/index.ts';
export { type ErrorCode, type ErrorInfo, GodwitError, type Place } from './errors.ts';
export type { Emit, GodwitEvent } from './events.ts';
export type { CodeMigration, FunctionMigration, SqlMigration } from './formats/code-source.ts';
export { type BackfillDefinition, defineBackfill } from './formats/define-backfill.ts';
export { defineCollection } from './formats/define-collection.ts';
export { defineMigration, type MigrationDefinition } from './formats/define-migration.ts';
export {
  type CodeSeed,
  defineSeed,
  type SeedContext,
  type SeedDefinition,
  type SeedSpec,
} from './formats/seeds/define-seed.ts';
export type { FakeOptions, FakeTools } from './formats/seeds/fake.ts';
export type {
  BackfillControl,
  LedgerProgress,
  Poisoned,
  WorkerInfo,
} from './ports/backfill-ledger.ts';
export type {
  BackfillOverrides,
  BackfillSpec,
  BackfillSummary,
  ChunkOptions,
  ThrottleOptions,
  Transform,
  TransformAnswer,
  TransformBatch,
  VerifyCall,
} from './ports/backfill-spec.ts';
export type {
  AnyContext,
  BaseContext,
  DriverName,
  MigrationContext,
  MongoContext,
  PostgresContext,
  SqlClient,
  SqlResult,
  UpsertCounts,
  UpsertOptions,
} from './ports/context.ts';
export type {
  CollectionDefinition,
  IndexDefinition,
  OffendingValue,
  SyncOperation,
  ViewDefinition,
} from './ports/definition.ts';
export type { Diagnosis, Target, TlsOptions } from './ports/driver.ts';
export type {
  Finding,
  FindingPlace,
  FindingSeverity,
  FindingSummary,
} from './ports/finding.ts';
export type { Actor, MirrorRecord, MirrorShape, MirrorSpec } from './ports/history.ts';
export type { Direction, Kind, Migration } from './ports/migration.ts';
export type { Dropped, LockHolder, Outcome } from './ports/session.ts';
export type { Snapshot, SnapshotObject, SnapshotOptions } from './ports/snapshot.ts';
export { VERSION } from './version.ts';
