import type { ErrorInfo } from '../errors.ts';
import type { Emit } from '../events.ts';
import type { BackfillSpec, BackfillSummary } from '../ports/backfill-spec.ts';
import type { Clock } from '../ports/clock.ts';
import type { Actor, MirrorSpec } from '../ports/history.ts';
import type { Limits, Outcome, Session } from '../ports/session.ts';
import type { MaskText } from './mask-step.ts';
import type { PlanStep } from './plan.ts';
import type { OnUncaught } from './watch-step.ts';

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
