import { randomUUID } from 'node:crypto';
import type { GodwitEvent } from '../../events.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Actor, EndedEvent, RunHeader } from '../../ports/history.ts';
import type { CodeBody, CodeStep, SqlText, TransactionMode } from '../../ports/migration.ts';
import type { AcquireOptions, Job, JobStep, Limits, Session } from '../../ports/session.ts';

export const ACTOR: Actor = { host: 'host-a', user: 'tester', pid: process.pid, godwit: '0.0.0' };

const LIMITS: Limits = { lockTimeoutMs: 5_000, statementTimeoutMs: 30_000, lockRetries: 0 };

/** Takes the lock; by default at once or not at all. */
export function acquire(driver: Driver, change: Partial<AcquireOptions> = {}): Promise<Session> {
  return driver.acquire({
    by: ACTOR,
    command: 'up',
    timeoutMs: 0,
    leaseMs: 15_000,
    signal: new AbortController().signal,
    emit: () => {},
    ...change,
  });
}

export function header(version: number | string, change: Partial<RunHeader> = {}): RunHeader {
  const text = String(version);
  return {
    run: randomUUID(),
    kind: 'migration',
    version: text,
    id: `${text.padStart(3, '0')}_sample`,
    name: 'sample',
    direction: 'up',
    by: ACTOR,
    fence: 1,
    ...change,
  };
}

/** A run that ended well; with `direction: 'down'` a revert. */
export function ended(version: number | string, change: Partial<EndedEvent> = {}): EndedEvent {
  const base = header(version, change);
  return {
    ...base,
    event: 'ended',
    status: base.direction === 'up' ? 'applied' : 'reverted',
    effect: 'complete',
    via: 'run',
    durationMs: 3,
    ...change,
  };
}

/** A step in JavaScript with the body that it would come from. */
export function code(run: CodeStep, transaction: TransactionMode = 'auto', path?: string): JobStep {
  const body: CodeBody = { type: 'code', path, up: run, transaction, idempotent: false };
  return { type: 'code', run, body };
}

export function sql(text: string, transaction: TransactionMode = 'auto', line = 1): JobStep {
  const content: SqlText = {
    text,
    file: 'migrations/sample.sql',
    line,
    transaction,
    variables: false,
  };
  return { type: 'sql', sql: content };
}

export interface JobChange extends Partial<Omit<Job, 'header'>> {
  readonly header?: Partial<RunHeader> | undefined;
}

/** A job for this version, whose transaction mode is its step's. */
export function job(session: Session, version: number, step: JobStep, change: JobChange = {}): Job {
  const quiet = new AbortController().signal;
  return {
    step,
    transaction: step.type === 'sql' ? step.sql.transaction : step.body.transaction,
    resume: step.type === 'sql' ? 'checkpoint' : 'ask',
    mirrors: [],
    limits: LIMITS,
    variables: {},
    emit: () => {},
    stop: quiet,
    abort: quiet,
    ...change,
    header: header(version, { fence: session.fence, ...change.header }),
  };
}

/** Collects events for a test to look at. */
export function recorder(): {
  readonly events: GodwitEvent[];
  readonly emit: (event: GodwitEvent) => void;
} {
  const events: GodwitEvent[] = [];
  return { events, emit: (event) => events.push(event) };
}
