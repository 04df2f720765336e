import { randomUUID } from 'node:crypto';
import type { ClientSession, Db, MongoClient } from 'mongodb';
import { open } from '../../../src/drivers/mongodb/driver.ts';
import type { GodwitEvent } from '../../../src/events.ts';
import type { MongoContext } from '../../../src/ports/context.ts';
import type { Driver, OpenOptions } from '../../../src/ports/driver.ts';
import type { Actor, EndedEvent, MirrorSpec, RunHeader } from '../../../src/ports/history.ts';
import type { CodeBody, CodeStep } from '../../../src/ports/migration.ts';
import type { AcquireOptions, Job } from '../../../src/ports/session.ts';

export const ACTOR: Actor = { host: 'test', user: 'tester', pid: process.pid, godwit: '0.0.0' };

export type Ctx = MongoContext<Db, MongoClient, ClientSession>;

export async function openTest(url: string, more: Partial<OpenOptions> = {}): Promise<Driver> {
  return open({
    url,
    root: process.cwd(),
    store: { schema: 'godwit', prefix: 'godwit_' },
    connectTimeoutMs: 3000,
    lock: 'auto',
    emit: () => {},
    ...more,
  });
}

export function acquireOptions(more: Partial<AcquireOptions> = {}): AcquireOptions {
  return {
    by: ACTOR,
    command: 'up',
    timeoutMs: 0,
    leaseMs: 15_000,
    signal: new AbortController().signal,
    emit: () => {},
    ...more,
  };
}

export function header(version: string, fence: number, more: Partial<RunHeader> = {}): RunHeader {
  return {
    run: randomUUID(),
    kind: 'migration',
    version,
    id: `${version.padStart(3, '0')}_m`,
    name: 'm',
    direction: 'up',
    checksum: 'a'.repeat(64),
    by: ACTOR,
    fence,
    ...more,
  };
}

export function ended(of: RunHeader, more: Partial<EndedEvent> = {}): EndedEvent {
  return {
    ...of,
    event: 'ended',
    status: of.direction === 'up' ? 'applied' : 'reverted',
    effect: 'complete',
    via: 'run',
    durationMs: 1,
    ...more,
  };
}

/** A job of one function, given `ctx`. */
export function job(
  of: RunHeader,
  step: (ctx: Ctx) => unknown,
  more: Partial<Job> & {
    readonly events?: GodwitEvent[];
    readonly check?: (ctx: Ctx) => unknown;
    readonly path?: string;
  } = {},
): Job {
  const { events, check, path, ...rest } = more;
  const run: CodeStep = ({ ctx }) => step(ctx as Ctx);
  const body: CodeBody = { type: 'code', path, up: run, transaction: 'auto', idempotent: false };
  return {
    header: of,
    step: { type: 'code', run, body },
    ...(check && { verify: { type: 'code', run: ({ ctx }) => check(ctx as Ctx), body } as const }),
    transaction: 'auto',
    resume: 'ask',
    mirrors: [],
    limits: { lockTimeoutMs: 0, statementTimeoutMs: 0, lockRetries: 5 },
    variables: {},
    emit: (event) => events?.push(event),
    stop: new AbortController().signal,
    abort: new AbortController().signal,
    ...rest,
  };
}

/** Guide 3's mirror. */
export const MIGRATION_HISTORY: MirrorSpec = {
  name: 'migrationHistory',
  create: 'existing',
  shape: {
    key: { field: 'version', value: 'version-number' },
    appliedAt: 'appliedAt',
    status: 'status',
  },
};
