import { hash } from 'node:crypto';
import { GodwitError } from '../../errors.ts';
import type { BackfillChange, BackfillJob } from '../../ports/backfill-job.ts';
import type { BackfillControl } from '../../ports/backfill-ledger.ts';
import type { BackfillOverrides, BackfillSpec } from '../../ports/backfill-spec.ts';
import { checkSpec } from './check-spec.ts';
import type { ChunkLimits } from './chunk-size.ts';
import { definitionText } from './definition-text.ts';
import { DEFAULT_HEALTH_LIMITS, type HealthLimits } from './health-limits.ts';
import { parseWindow, type Window } from './windows.ts';

/** How a backfill is run; other than the job it may differ from run to run. */
export interface Plan {
  readonly chunk: ChunkLimits;
  readonly lanes: { readonly start: number; readonly max: number; readonly fixed: boolean };
  readonly health: HealthLimits;
  /** What holds while nobody asks for something else. */
  readonly control: BackfillControl;
  readonly windows: readonly Window[];
  readonly onError: 'stop' | 'skip-and-record';
  readonly sweep: 'once' | 'until-empty';
}

export interface ResolvedBackfill {
  readonly job: BackfillJob;
  readonly plan: Plan;
  readonly spec: BackfillSpec;
}

export interface ResolveOptions {
  readonly ledger: string;
  /** When the definition has none. */
  readonly name: string;
  /** Whether the database is one of SQL. */
  readonly sql: boolean;
  /** Text of the module that is the transform. */
  readonly module?: string | undefined;
  readonly file?: string | undefined;
  readonly overrides?: BackfillOverrides | undefined;
}

const ADAPTIVE = { start: 1_000, min: 1, targetMs: 400 } as const;
const MAX_IN_DATABASE = 20_000;
/** Rows that go through JavaScript are all in memory at once. */
const MAX_IN_JAVASCRIPT = 2_000;

/**
 * Checks a definition and completes it.
 *
 * @throws GodwitError GODWIT_BACKFILL_INVALID, which lists all that is wrong
 */
export function resolveBackfill(spec: BackfillSpec, options: ResolveOptions): ResolvedBackfill {
  const problems = isObject(spec) ? checkSpec(spec, options.sql) : ['it is no object'];
  if (problems.length > 0) throw invalid(spec, options, problems);
  return { job: createJob(spec, options), plan: createPlan(spec, options.overrides ?? {}), spec };
}

function createJob(spec: BackfillSpec, options: ResolveOptions): BackfillJob {
  const change = changeOf(spec);
  const key = typeof spec.key === 'string' ? [spec.key] : spec.key;
  const job = {
    target: spec.collection ?? spec.table ?? '',
    filter: spec.filter,
    change,
    fields: spec.fields,
    key,
    order: spec.order ?? 'ascending',
    touched: spec.backup === 'touched',
  } as const;
  const transform = options.module ?? spec.transform ?? spec.transformBatch;
  return {
    ledger: options.ledger,
    name: spec.name ?? options.name,
    ...job,
    definition: hash('sha256', definitionText({ ...job, transform }), 'hex'),
  };
}

/** On MongoDB plain fields are short for `$set`; on PostgreSQL the values are expressions. */
function changeOf({ set, sql, collection }: BackfillSpec): BackfillChange {
  if (sql !== undefined) return { type: 'sql', sql };
  if (set === undefined) return { type: 'transform' };
  const isFields =
    collection !== undefined &&
    !Array.isArray(set) &&
    Object.keys(set as object).every((key) => !key.startsWith('$'));
  return { type: 'set', set: isFields ? { $set: set } : set };
}

function createPlan(spec: BackfillSpec, overrides: BackfillOverrides): Plan {
  const throttle = spec.throttle ?? {};
  const lanes = overrides.concurrency ?? spec.concurrency;
  const windows = overrides.windows ?? throttle.windows ?? [];
  return {
    chunk: chunkLimits(spec, overrides.chunk),
    lanes: { start: lanes ?? 2, max: lanes ?? 4, fixed: lanes !== undefined },
    health: {
      ...DEFAULT_HEALTH_LIMITS,
      ...(throttle.maxLagMs !== undefined && { maxLagMs: throttle.maxLagMs }),
      ...(throttle.maxWaiting !== undefined && { maxWaiting: throttle.maxWaiting }),
      ...(throttle.maxRetainedWal !== undefined && { maxRetainedWal: throttle.maxRetainedWal }),
    },
    control: { maxRate: throttle.maxRate, nice: throttle.nice, ...overrides.control },
    windows: windows.flatMap((text) => parseWindow(text) ?? []),
    onError: spec.onError ?? 'stop',
    sweep: spec.sweep ?? 'once',
  };
}

function chunkLimits(spec: BackfillSpec, asked: number | undefined): ChunkLimits {
  const chunk = asked ?? spec.chunk;
  if (typeof chunk === 'number') return { ...ADAPTIVE, start: chunk, max: chunk };
  const inDatabase = spec.set !== undefined || spec.sql !== undefined;
  const given = Object.entries(chunk ?? {}).filter(([, value]) => value !== undefined);
  const limits = {
    ...ADAPTIVE,
    max: inDatabase ? MAX_IN_DATABASE : MAX_IN_JAVASCRIPT,
    ...Object.fromEntries(given),
  };
  return { ...limits, max: Math.max(limits.max, limits.min) };
}

function invalid(spec: unknown, options: ResolveOptions, problems: string[]): GodwitError {
  const name = (isObject(spec) && (spec as BackfillSpec).name) || options.name;
  const list =
    problems.length === 1
      ? ` ${problems[0]}.`
      : `\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
  return new GodwitError('GODWIT_BACKFILL_INVALID', `The backfill ${name} cannot be run:${list}`, {
    where: options.file === undefined ? undefined : { file: options.file },
    state: 'Nothing was changed.',
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
