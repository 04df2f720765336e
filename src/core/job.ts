import { randomUUID } from 'node:crypto';
import { GodwitError } from '../errors.ts';
import type { ResumePolicy, RunHeader } from '../ports/history.ts';
import type {
  CodeStep,
  Direction,
  Migration,
  MigrationBody,
  TransactionMode,
} from '../ports/migration.ts';
import type { Job, JobStep } from '../ports/session.ts';
import type { LoadedStep } from './load-steps.ts';
import { maskStep } from './mask-step.ts';
import type { RunEnvironment } from './run-environment.ts';
import { watchStep } from './watch-step.ts';

/** How an event names the run. */
export function refOf({ header }: Job): Pick<RunHeader, 'run' | 'id' | 'direction'> {
  return { run: header.run, id: header.id, direction: header.direction };
}

/** What the session is asked to do for a step. */
export function createJob({ step, body }: LoadedStep, environment: RunEnvironment): Job {
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
