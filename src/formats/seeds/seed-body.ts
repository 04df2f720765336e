import { GodwitError } from '../../errors.ts';
import type { AnyContext } from '../../ports/context.ts';
import type { CodeBody, CodeStep, StepCall } from '../../ports/migration.ts';
import { isSeedDefinition, type SeedContext, type SeedSpec } from './define-seed.ts';
import { fakeTools } from './fake.ts';

export interface SeedPlace {
  /** Absolute; undefined when registered in code. */
  readonly path: string | undefined;
  /** The file, or the id: what people are shown. */
  readonly shown: string;
  /** The project's folder. */
  readonly root: string;
}

type AnyFunction = (...args: unknown[]) => unknown;
type Exports = Readonly<Record<string, unknown>>;

const FUNCTIONS = ['run', 'up', 'seed'] as const;

/** A seed's spec as a file exports it; undefined when there is none. */
export function findSeed(exported: unknown): Exports | AnyFunction | undefined {
  const candidates: (Exports | AnyFunction)[] = [];
  for (
    let value = exported;
    (typeof value === 'object' && value !== null) || typeof value === 'function';
    value = (value as Exports)['default']
  ) {
    candidates.push(value as Exports);
    if (candidates.length === 4) break;
  }
  return (
    candidates.find(isSeedDefinition) ??
    candidates.find((one) => typeof one === 'function' || isSpec(one))
  );
}

function isSpec(value: Exports | AnyFunction): boolean {
  const spec = value as Exports;
  return (
    FUNCTIONS.some((name) => typeof spec[name] === 'function') ||
    spec['records'] !== undefined ||
    spec['make'] !== undefined
  );
}

/**
 * Makes of a spec, or of a bare function, what the runner runs.
 *
 * @param positional a bare function is given `(db, client, ctx)` or `(client, ctx)`
 * @throws GodwitError GODWIT_SEED_INVALID
 */
export function seedBody(found: Exports | AnyFunction, place: SeedPlace): CodeBody {
  const spec = (typeof found === 'function' ? {} : found) as SeedSpec & Exports;
  return {
    type: 'code',
    path: place.path,
    up: stepOf(found, spec, place),
    transaction: spec.transaction === undefined ? 'auto' : spec.transaction ? 'always' : 'never',
    // Seeds are written so that they can be run again; see docs/seeds.md.
    idempotent: true,
    description: textOf(spec.description),
    author: textOf(spec.author),
  };
}

function stepOf(
  found: Exports | AnyFunction,
  spec: SeedSpec & Exports,
  place: SeedPlace,
): CodeStep {
  if (typeof found === 'function') return positionalStep(found, undefined, place);
  for (const name of FUNCTIONS) {
    const run = spec[name];
    if (typeof run !== 'function') continue;
    if (isSeedDefinition(found) || place.path === undefined) {
      return ({ ctx }) => run.call(spec, withFake(ctx as AnyContext, place.root));
    }
    return positionalStep(run as AnyFunction, spec, place);
  }
  if (spec.make !== undefined) return factoryStep(spec, place);
  if (Array.isArray(spec.records)) return recordsStep(spec, spec.records, place);
  throw invalid(place, 'it has neither run, nor records, nor make');
}

function positionalStep(run: AnyFunction, self: unknown, { root }: SeedPlace): CodeStep {
  return ({ ctx, positional }: StepCall) => {
    const seedContext = withFake(ctx as AnyContext, root);
    const args = positional.map((one) => (one === ctx ? seedContext : one));
    return run.apply(self, args);
  };
}

/** Inherits, so that getters and methods of the driver's own context stay what they are. */
export function withFake(ctx: AnyContext, root: string): SeedContext {
  const fake: SeedContext['fake'] = async (options) => fakeTools(root, options);
  return Object.assign(Object.create(ctx) as AnyContext, { fake });
}

function recordsStep(spec: SeedSpec, records: readonly object[], place: SeedPlace): CodeStep {
  const target = targetOf(spec, place);
  return ({ ctx }) => ctx.upsert(target, records, { key: keyOf(spec.key, records[0], place) });
}

/** Each record has a seed of its own, so that more of them leave the first as they are. */
function factoryStep(spec: SeedSpec, place: SeedPlace): CodeStep {
  const target = targetOf(spec, place);
  const { count = 1, fakeSeed = 1, locale } = spec;
  if (!Number.isSafeInteger(count) || count < 0) throw invalid(place, `its count is ${count}`);
  return async ({ ctx }) => {
    const total = { inserted: 0, updated: 0, unchanged: 0 };
    for (let at = 0; at < count; at += 1000) {
      const records: object[] = [];
      for (let index = at; index < Math.min(at + 1000, count); index++) {
        const tools = fakeTools(place.root, { seed: [fakeSeed, index], locale });
        const made = await spec.make?.(
          Object.defineProperty(tools, 'index', { value: index }) as never,
        );
        records.push(made ?? {});
      }
      const done = await ctx.upsert(target, records, { key: keyOf(spec.key, records[0], place) });
      for (const name of ['inserted', 'updated', 'unchanged'] as const) total[name] += done[name];
    }
    return total;
  };
}

function targetOf(spec: SeedSpec, place: SeedPlace): string {
  const target = spec.collection ?? spec.table;
  if (typeof target === 'string' && target !== '') return target;
  throw invalid(place, 'it does not say into which collection or table');
}

/** @throws GodwitError GODWIT_SEED_INVALID when nothing tells the records apart */
export function keyOf(
  key: string | readonly string[] | undefined,
  record: object | undefined,
  place: Pick<SeedPlace, 'shown'>,
): string | readonly string[] {
  if (key !== undefined) return key;
  const own = ['_id', 'id'].find((name) => record !== undefined && name in record);
  if (own !== undefined || record === undefined) return own ?? '_id';
  throw invalid(place, 'nothing tells its records apart', "say what does, such as key: 'email'");
}

function invalid(place: Pick<SeedPlace, 'shown'>, message: string, fix = 'mend it'): GodwitError {
  return new GodwitError('GODWIT_SEED_INVALID', `${place.shown}: ${message}.`, {
    where: { file: place.shown },
    state: 'Nothing of this seed was written.',
    next: [fix],
  });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
