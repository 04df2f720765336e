import { createRequire } from 'node:module';
import { join } from 'node:path';
import { GodwitError } from '../../errors.ts';

export interface FakeOptions {
  /** Another number gives other data. Default 1. */
  readonly seed?: number | readonly number[] | undefined;
  /** Default `en`. */
  readonly locale?: string | undefined;
}

/** Made of the seed alone: the same each time, on every machine. */
export interface FakeTools {
  /**
   * An instance of the project's @faker-js/faker of its own, with its seed and its reference
   * date fixed. Throws GODWIT_SEED_INVALID where the package is not installed.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the project's own copy decides the type
  readonly faker: any;
  /** From 0 to 1, without 1. */
  random(): number;
  /** A whole number, both ends possible. */
  integer(from: number, to: number): number;
  pick<T>(list: readonly T[]): T;
}

/** What faker takes for now: `date.recent()` must not depend on the day it is called. */
const REFERENCE_DATE = '2025-01-01T00:00:00.000Z';
const PACKAGE = '@faker-js/faker';

/** @param root the project's folder, whose copy of faker is used */
export function fakeTools(root: string, { seed = 1, locale = 'en' }: FakeOptions = {}): FakeTools {
  const seeds = typeof seed === 'number' ? [seed] : seed;
  const random = generator(seeds);
  let faker: unknown;
  return {
    get faker() {
      faker ??= openFaker(root, seeds, locale);
      return faker;
    },
    random,
    integer: (from, to) => from + Math.floor(random() * (to - from + 1)),
    pick: (list) => list[Math.floor(random() * list.length)] as (typeof list)[number],
  };
}

/** mulberry32 by Tommy Ettinger: 32 bits of state, good enough for sample data. */
function generator(seeds: readonly number[]): () => number {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1), 0x5eed) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface FakerModule {
  readonly Faker: new (options: { locale: unknown[] }) => FakerInstance;
  readonly allLocales: Readonly<Record<string, unknown>>;
}

interface FakerInstance {
  seed(seeds: number | number[]): number;
  setDefaultRefDate(date: string): void;
}

/** Not the module's shared instance, which the application may be using. */
function openFaker(root: string, seeds: readonly number[], locale: string): FakerInstance {
  const { Faker, allLocales } = loadFaker(root);
  const wanted = allLocales[locale];
  if (wanted === undefined) throw invalid(`faker has no locale "${locale}".`, 'choose another');
  const faker = new Faker({ locale: [wanted, allLocales['en'], allLocales['base']] });
  faker.seed([...seeds]);
  faker.setDefaultRefDate(REFERENCE_DATE);
  return faker;
}

const loaded = new Map<string, FakerModule>();

function loadFaker(root: string): FakerModule {
  const known = loaded.get(root);
  if (known) return known;
  for (const require of [
    createRequire(join(root, 'package.json')),
    createRequire(import.meta.url),
  ]) {
    try {
      const module = require(PACKAGE) as FakerModule;
      loaded.set(root, module);
      return module;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw invalid(`${PACKAGE} is not installed.`, `npm install --save-dev ${PACKAGE}`);
}

function invalid(message: string, next: string): GodwitError {
  return new GodwitError('GODWIT_SEED_INVALID', message, {
    state: 'Nothing of this seed was kept, where it runs in a transaction.',
    next: [next],
  });
}
