import { GodwitError } from '../errors.ts';
import type { MongoContext } from '../ports/context.ts';
import type { CodeBody, CodeStep, StepCall } from '../ports/migration.ts';
import { type CodePlace, flag, text, transactionMode } from './code-body.ts';

/** What a class migration's instance may have. */
type Instance = Readonly<Record<string, unknown>>;
type MigrationClass = new (mongoose: unknown) => Instance;

/**
 * Makes a body of a file that exports a class. It is made once without a database, to see
 * what it declares, and once for each step, with the guarded mongoose.
 *
 * @throws GODWIT_FILE_INVALID when no class with `up` is exported
 */
export function classBody(exported: unknown, place: CodePlace): CodeBody {
  const Class = findClass(exported);
  if (Class === undefined) throw invalid(place, 'it exports no class with an up method');
  const declared = declarationsOf(Class);
  const step = (name: 'up' | 'down' | 'verify'): CodeStep | undefined =>
    typeof declared[name] === 'function'
      ? (call) => runMethod(Class, name, call, place)
      : undefined;
  const up = step('up');
  if (up === undefined) throw invalid(place, `its class ${Class.name} has no up method`);
  return {
    type: 'code',
    path: place.path,
    up,
    down: step('down'),
    verify: step('verify'),
    transaction: transactionMode(declared['transaction'], place),
    idempotent: flag(declared, 'idempotent', place) ?? false,
    description: text(declared['description']),
    author: text(declared['author']),
    label: text(declared['version']),
  };
}

/** The exported class, under whatever name; where there are several, the one with `up`. */
function findClass(exported: unknown): MigrationClass | undefined {
  const seen = new Set<unknown>();
  const look = (value: unknown, depth: number): MigrationClass | undefined => {
    if (seen.has(value) || depth > 3) return undefined;
    seen.add(value);
    if (typeof value === 'function') return hasUp(value) ? (value as MigrationClass) : undefined;
    if (typeof value !== 'object' || value === null) return undefined;
    const { default: first, ...others } = value as Record<string, unknown>;
    for (const one of [first, ...Object.values(others)]) {
      const found = look(one, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return look(exported, 0);
}

function hasUp(value: object): boolean {
  const { prototype } = value as { prototype?: { up?: unknown } };
  return typeof prototype === 'object' && typeof prototype?.up === 'function';
}

/** A constructor that needs more than is there yet is asked by its prototype alone. */
function declarationsOf(Class: MigrationClass): Instance {
  try {
    return new Class(undefined);
  } catch {
    return Class.prototype as Instance;
  }
}

async function runMethod(
  Class: MigrationClass,
  name: 'up' | 'down' | 'verify',
  { ctx }: StepCall,
  place: CodePlace,
): Promise<unknown> {
  if (ctx.driver !== 'mongodb') {
    throw invalid(place, 'class migrations are for MongoDB, and this database is another');
  }
  const { mongoose, models } = await (ctx as MongoContext).mongoose();
  const instance = new Class(mongoose) as Record<string, unknown>;
  // A base class of the project's own may not have set them.
  instance['mongoose'] ??= mongoose;
  instance['models'] ??= models;
  return (instance[name] as () => unknown)();
}

function invalid(place: CodePlace, problem: string): GodwitError {
  return new GodwitError('GODWIT_FILE_INVALID', `${place.file} is no migration: ${problem}.`, {
    where: { file: place.file },
    state: 'Nothing of this migration was run.',
    next: [
      `export the class from ${place.file}: module.exports = AddAvatar, or export default class`,
    ],
  });
}
