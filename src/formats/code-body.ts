import { GodwitError } from '../errors.ts';
import type { CodeBody, CodeStep, TransactionMode } from '../ports/migration.ts';
import { isMigrationDefinition } from './define-migration.ts';

export interface CodePlace {
  /** Absolute. */
  readonly path: string;
  /** Relative to the project. */
  readonly file: string;
}

type Exports = Readonly<Record<string, unknown>>;

/**
 * Makes a body of what a file exports.
 *
 * @throws GODWIT_FILE_INVALID when there is no `up`, or a property has the wrong type;
 *   the message says what was found instead
 */
export function codeBody(exported: unknown, place: CodePlace): CodeBody {
  const definition = findDefinition(exported);
  if (!definition) throw invalid(place, `it exports no up function; found ${describe(exported)}`);
  const up = definition['up'];
  if (typeof up !== 'function') throw invalid(place, `its up is ${describe(up)}, not a function`);
  const toStep = isMigrationDefinition(definition) ? contextStep : positionalStep;
  const step = (name: string): CodeStep | undefined => {
    const value = definition[name];
    if (value === undefined || value === null || value === false) return undefined;
    if (typeof value === 'function') return toStep(definition, value as AnyFunction);
    throw invalid(place, `its ${name} is ${describe(value)}, not a function`);
  };
  return {
    type: 'code',
    path: place.path,
    up: toStep(definition, up as AnyFunction),
    down: step('down'),
    verify: step('verify'),
    transaction: transactionMode(definition['transaction'], place),
    idempotent: flag(definition, 'idempotent', place) ?? false,
    description: text(definition['description']),
    author: text(definition['author']),
  };
}

type AnyFunction = (...args: unknown[]) => unknown;

/** Called as methods, so that `this` works in object literals and instances. */
function contextStep(definition: Exports, run: AnyFunction): CodeStep {
  return ({ ctx }) => run.call(definition, ctx);
}

function positionalStep(definition: Exports, run: AnyFunction): CodeStep {
  return ({ positional }) => run.apply(definition, [...positional]);
}

/**
 * The object that has `up`: the default export, however many times a compiler or loader
 * wrapped it, else the module itself.
 */
function findDefinition(exported: unknown): Exports | undefined {
  const candidates: Exports[] = [];
  for (let value = exported; isObject(value) && candidates.length < 4; value = value['default']) {
    candidates.push(value);
  }
  return (
    candidates.find(isMigrationDefinition) ??
    candidates.reverse().find((candidate) => typeof candidate['up'] === 'function')
  );
}

function isObject(value: unknown): value is Exports {
  return typeof value === 'object' && value !== null;
}

export function transactionMode(value: unknown, place: CodePlace): TransactionMode {
  if (value === undefined || value === null) return 'auto';
  if (typeof value === 'boolean') return value ? 'always' : 'never';
  throw invalid(place, `its transaction is ${describe(value)}, not true or false`);
}

export function flag(definition: Exports, name: string, place: CodePlace): boolean | undefined {
  const value = definition[name];
  if (value === undefined || value === null || typeof value === 'boolean') {
    return value ?? undefined;
  }
  throw invalid(place, `its ${name} is ${describe(value)}, not true or false`);
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') {
    const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
    return value.name ? `a ${kind} ${value.name}` : `a ${kind}`;
  }
  if (typeof value !== 'object') return `the ${typeof value} ${JSON.stringify(value) ?? '?'}`;
  return describeObject(value as Exports);
}

function describeObject(value: Exports): string {
  const names = Object.keys(value).filter((name) => name !== 'module.exports');
  if (names.length === 0) return 'no exports';
  const [only] = names;
  if (names.length === 1 && only === 'default')
    return `as default export ${describe(value['default'])}`;
  const shown = names.slice(0, 8).map((name) => `${name} (${typeof value[name]})`);
  return `${shown.join(', ')}${names.length > 8 ? ', …' : ''}`;
}

function invalid(place: CodePlace, problem: string): GodwitError {
  return new GodwitError('GODWIT_FILE_INVALID', `${place.file} is no migration: ${problem}.`, {
    where: { file: place.file },
    state: 'Nothing of this migration was run.',
    next: [
      `export up from ${place.file}: export default defineMigration({ up(ctx) { … } }), or module.exports = { up: async (db) => { … } }`,
    ],
  });
}
