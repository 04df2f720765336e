import { randomUUID } from 'node:crypto';
import { type ErrorInfo, GodwitError, toGodwitError } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { BackfillSpec, BackfillSummary } from '../ports/backfill-spec.ts';
import type { Clock } from '../ports/clock.ts';
import type { Capabilities } from '../ports/driver.ts';
import type { Actor, MirrorSpec, ResumePolicy, RunHeader } from '../ports/history.ts';
import type {
  CodeStep,
  Direction,
  Migration,
  MigrationBody,
  TransactionMode,
} from '../ports/migration.ts';
import type { Job, JobStep, Limits, Outcome, Session } from '../ports/session.ts';
import { describeFailure } from './failure.ts';
import { type MaskText, maskStep } from './mask-step.ts';
import type { PlanStep } from './plan.ts';
import { type OnUncaught, watchStep } from './watch-step.ts';

/** What a run needs beside the plan. */
export interface RunEnvironment {
  readonly session: Session;
  readonly by: Actor;
  readonly mirrors: readonly MirrorSpec[];
  readonly limits: Limits;
  readonly variables: Readonly<Record<string, string>>;
  readonly hooks: RunHooks;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
  readonly backup?: string | undefined;
  /** Takes secrets out of what a migration in JavaScript returns, throws and logs. */
  readonly mask?: MaskText | undefined;
  /** Errors that nothing was waiting for, while a migration in JavaScript runs. */
  readonly onUncaught?: OnUncaught | undefined;
  /** What `ctx.backfill` of a step does; absent where the driver cannot. */
  readonly backfills?: StepBackfills | undefined;
}

/** Backfills inside migrations. */
export interface StepBackfills {
  run(step: PlanStep, spec: BackfillSpec): Promise<BackfillSummary>;
  /** Until those that a stopped run left behind have finished their chunks. */
  settle(): Promise<void>;
}

export interface RunHooks {
  beforeEach?(step: PlanStep): Promise<void>;
  afterEach?(step: PlanStep, outcome: Outcome): Promise<void>;
  /** Looks at what a migration did: it stays done, but what follows is not begun. */
  validate?(step: PlanStep, outcome: Outcome): Promise<ErrorInfo | undefined>;
}

/** A step with its code or SQL at hand. */
export interface LoadedStep {
  readonly step: PlanStep;
  readonly body: MigrationBody;
}

export interface StepResult {
  readonly step: PlanStep;
  readonly outcome: Outcome;
  /** The outcome's error, with state and next. */
  readonly error: ErrorInfo | undefined;
}

/**
 * Imports every body before anything runs, so that a syntax error in the last file stops
 * the plan while nothing has happened.
 *
 * @throws GodwitError GODWIT_IMPORT_FAILED, GODWIT_FILE_INVALID, GODWIT_IRREVERSIBLE,
 *   GODWIT_UNSUPPORTED for SQL on a database without
 */
export async function loadSteps(
  steps: readonly PlanStep[],
  capabilities: Pick<Capabilities, 'sql'>,
): Promise<LoadedStep[]> {
  const loaded: LoadedStep[] = [];
  for (const step of steps) {
    const body = await step.migration.load();
    if (!capabilities.sql) refuseSql(step, body);
    if (step.direction === 'down' && body.down === undefined) {
      throw new GodwitError('GODWIT_IRREVERSIBLE', `${step.id} has no way back.`, {
        where: { file: step.migration.file },
        state: 'Nothing was run.',
        next: [
          `write its down, then: godwit down`,
          `or undo it by hand and say so: godwit mark ${step.id} pending`,
        ],
      });
    }
    loaded.push({ step, body });
  }
  return loaded;
}

function refuseSql(step: PlanStep, body: MigrationBody): void {
  const file = body.type === 'sql' ? step.migration.file : body.verifyFile;
  if (body.type === 'code' && file === undefined) return;
  throw new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${file ?? step.id} is SQL; this database has none.`,
    {
      where: { file },
      state: 'Nothing was run.',
      next: ['look at which database is meant: godwit doctor'],
    },
  );
}

/**
 * Runs the steps one after the other under the session's lock, until one does not
 * succeed or it is told to stop. A failed migration is a result, not an exception.
 */
export async function runSteps(
  loaded: readonly LoadedStep[],
  environment: RunEnvironment,
): Promise<StepResult[]> {
  const { session, hooks } = environment;
  if (session.executeSeries && !hooks.beforeEach && !hooks.afterEach && !hooks.validate) {
    return runSeries(loaded, environment, session.executeSeries.bind(session));
  }
  const results: StepResult[] = [];
  for (const [index, item] of loaded.entries()) {
    if (environment.stop.aborted) break;
    const job = createJob(item, environment);
    announce(job, item.step, index, loaded.length, environment.emit);
    const outcome = await executeWithHooks(job, item.step, environment);
    const error = describeFailure(item.step, outcome, index);
    environment.emit({ type: 'run.ended', ...ref(job), outcome: { ...outcome, error } });
    results.push({ step: item.step, outcome, error });
    if (error !== undefined || !succeeded(outcome)) break;
  }
  return results;
}

/** The same where nothing of ours has to happen in between. */
async function runSeries(
  loaded: readonly LoadedStep[],
  environment: RunEnvironment,
  execute: NonNullable<Session['executeSeries']>,
): Promise<StepResult[]> {
  const { emit, stop, backfills } = environment;
  const results: StepResult[] = [];
  if (stop.aborted) return results;
  const jobs = loaded.map((item) => createJob(item, environment));
  await execute(jobs, {
    begin(job) {
      const item = loaded[results.length];
      if (item) announce(job, item.step, results.length, loaded.length, emit);
    },
    end(job, outcome) {
      const item = loaded[results.length];
      if (!item) return;
      const error = describeFailure(item.step, outcome, results.length);
      emit({ type: 'run.ended', ...ref(job), outcome: { ...outcome, error } });
      results.push({ step: item.step, outcome, error });
    },
  });
  await backfills?.settle();
  return results;
}

/** All steps and their records in one transaction: all or nothing. */
export async function runTogether(
  loaded: readonly LoadedStep[],
  environment: RunEnvironment,
): Promise<StepResult[]> {
  const jobs = loaded.map((item) => ({
    ...createJob(item, environment),
    backfill: () => Promise.reject(tooLate(item.step)),
  }));
  for (const [index, job] of jobs.entries()) {
    const item = loaded[index];
    if (item) announce(job, item.step, index, loaded.length, environment.emit);
  }
  const outcomes = await environment.session.executeTogether(jobs);
  return outcomes.flatMap((outcome, index) => {
    const item = loaded[index];
    const job = jobs[index];
    if (!item || !job) return [];
    const error = describeFailure(item.step, outcome, 0);
    environment.emit({ type: 'run.ended', ...ref(job), outcome: { ...outcome, error } });
    return [{ step: item.step, outcome, error }];
  });
}

export function succeeded(outcome: Outcome): boolean {
  return outcome.status === 'applied' || outcome.status === 'reverted';
}

function announce(job: Job, step: PlanStep, index: number, total: number, emit: Emit): void {
  emit({
    type: 'run.started',
    ...ref(job),
    index,
    total,
    description: job.header.description ?? step.migration.description,
  });
}

function ref(job: Job): { run: string; id: string; direction: Direction } {
  return { run: job.header.run, id: job.header.id, direction: job.header.direction };
}

async function executeWithHooks(
  job: Job,
  step: PlanStep,
  { session, hooks, backfills }: RunEnvironment,
): Promise<Outcome> {
  try {
    await hooks.beforeEach?.(step);
  } catch (thrown) {
    return hookFailed(thrown, 'beforeEach', 'none', 0);
  }
  const outcome = await session.execute(job);
  await backfills?.settle();
  if (!succeeded(outcome)) return outcome;
  try {
    await hooks.afterEach?.(step, outcome);
  } catch (thrown) {
    const failed = hookFailed(thrown, 'afterEach', 'complete', outcome.durationMs);
    return { ...outcome, error: failed.error };
  }
  const error = await hooks.validate?.(step, outcome);
  return error === undefined ? outcome : { ...outcome, error };
}

function hookFailed(
  thrown: unknown,
  hook: string,
  effect: Outcome['effect'],
  durationMs: number,
): Outcome {
  const cause = toGodwitError(thrown, 'GODWIT_HOOK_FAILED');
  return {
    status: 'failed',
    effect,
    durationMs,
    transactional: effect === 'none',
    recorded: true,
    error: { code: 'GODWIT_HOOK_FAILED', message: `The ${hook} hook failed: ${cause.message}` },
  };
}

/** The plan's one transaction is open before the first of its migrations. */
function tooLate(step: PlanStep): GodwitError {
  return new GodwitError(
    'GODWIT_BACKFILL_LATE',
    `${step.id} has a backfill, which commits by itself and cannot be part of one transaction with the others.`,
    { next: ['run it without --single-transaction'] },
  );
}

function createJob({ step, body }: LoadedStep, environment: RunEnvironment): Job {
  const { session, by, mirrors, limits, variables, emit, stop, abort, backup } = environment;
  const { backfills, mask, onUncaught } = environment;
  const guard: GuardStep = (run) => maskStep(watchStep(run, onUncaught), mask);
  const down = step.direction === 'down';
  return {
    header: createHeader(step.migration, step.direction, {
      by,
      fence: session.fence,
      description: body.type === 'code' ? body.description : undefined,
      author: body.type === 'code' ? body.author : undefined,
      label: body.type === 'code' ? body.label : undefined,
    }),
    step: jobStep(body, down ? 'down' : 'up', guard),
    verify: down ? undefined : verifyStep(body, guard),
    transaction: transactionMode(body, down ? 'down' : 'up'),
    resume: resumePolicy(body),
    checkpoint: step.record?.direction === step.direction ? step.record.checkpoint : undefined,
    mirrors,
    limits,
    variables,
    backup,
    backfill: backfills && ((spec) => backfills.run(step, spec)),
    emit: mask
      ? (event) =>
          emit(event.type === 'run.log' ? { ...event, message: mask(event.message) } : event)
      : emit,
    stop,
    abort,
  };
}

/** The header of a run, or of a record made by hand. */
export function createHeader(
  migration: Migration,
  direction: Direction,
  of: Pick<RunHeader, 'by' | 'fence' | 'description' | 'author' | 'label'>,
): RunHeader {
  const label = of.label ?? migration.label;
  return {
    run: randomUUID(),
    kind: migration.kind,
    version: migration.version,
    id: migration.id,
    name: migration.name,
    direction,
    description: of.description ?? migration.description,
    author: of.author ?? migration.author,
    ...(label !== undefined && { label }),
    checksum: migration.checksum?.raw,
    // Of a long plan, while the server works on what comes before.
    get normalized(): string | undefined {
      return migration.checksum?.normalized();
    },
    by: of.by,
    fence: of.fence,
  };
}

type GuardStep = (run: CodeStep) => CodeStep;

function jobStep(body: MigrationBody, part: 'up' | 'down', guard: GuardStep): JobStep {
  if (body.type === 'sql') {
    const sql = body[part];
    if (sql === undefined) throw new GodwitError('GODWIT_IRREVERSIBLE', 'There is no way back.');
    return { type: 'sql', sql };
  }
  const run = body[part];
  if (run === undefined) throw new GodwitError('GODWIT_IRREVERSIBLE', 'There is no way back.');
  return { type: 'code', run: guard(run), body };
}

function verifyStep(body: MigrationBody, guard: GuardStep): JobStep | undefined {
  if (body.type === 'sql') return body.verify && { type: 'sql', sql: body.verify };
  return body.verify && { type: 'code', run: guard(body.verify), body };
}

function transactionMode(body: MigrationBody, part: 'up' | 'down'): TransactionMode {
  return body.type === 'code' ? body.transaction : (body[part] ?? body.up).transaction;
}

function resumePolicy(body: MigrationBody): ResumePolicy {
  if (body.type === 'sql') return 'checkpoint';
  return body.idempotent ? 'restart' : 'ask';
}
