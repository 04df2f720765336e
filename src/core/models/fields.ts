/** A field as a model declares it, or as the database shows it. */
export interface ModelField {
  /** As `$type` names it; undefined: any, or several. */
  readonly type?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default?: unknown;
}

/** By path; those in lists as `items.$.name`. */
export type ModelFields = Readonly<Record<string, ModelField>>;

/** A removed field, and the added ones it may be called now. */
export interface RemovedField {
  readonly collection: string;
  readonly field: string;
  readonly candidates: readonly string[];
}

export interface Rename {
  readonly collection: string;
  readonly from: string;
  readonly to: string;
}

export interface FieldChanges {
  readonly collection: string;
  readonly added: readonly string[];
  readonly removed: readonly RemovedField[];
  /** Required fields with a default that documents may lack. */
  readonly backfills: readonly {
    readonly field: string;
    readonly value: unknown;
    /** Nothing had it before. */
    readonly isNew: boolean;
  }[];
  /** Required fields without a default that documents may lack. */
  readonly unfilled: readonly string[];
}

/** Keys that Mongoose keeps for itself. */
const OWN = /(?:^|\.)(?:_id|__v)$/;

/** How the fields of a collection's documents differ. Renames are never guessed, only offered. */
export function compareFields(
  collection: string,
  before: ModelFields,
  after: ModelFields,
): FieldChanges {
  const old = leaves(before);
  const now = leaves(after);
  const added = now.filter((field) => !(field in before));
  const gone = old.filter((field) => !(field in after) && !isCovered(field, after));
  const needed = now.filter((field) => after[field]?.required && !before[field]?.required);
  // A document without the list, or without the object, is not asked for its fields.
  const filled = needed.filter((field) => after[field]?.default !== undefined);
  return {
    collection,
    added,
    removed: gone.map((field) => ({
      collection,
      field,
      candidates: added.filter((to) => mayBe(field, before[field], to, after[to])),
    })),
    backfills: filled.map((field) => ({
      field,
      value: after[field]?.default,
      isNew: !(field in before),
    })),
    unfilled: needed.filter((field) => !filled.includes(field)),
  };
}

function leaves(fields: ModelFields): string[] {
  const names = Object.keys(fields);
  const parents = new Set(names.flatMap(ancestors));
  return names.filter((name) => !OWN.test(name) && !name.endsWith('.$') && !parents.has(name));
}

/** `a.b.c`: `a`, `a.b`. */
function ancestors(field: string): string[] {
  const parts = field.split('.');
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join('.'));
}

/** Below a field of any shape, such as a map or a mixed one. */
function isCovered(field: string, fields: ModelFields): boolean {
  const isParent = Object.keys(fields).some((name) => name.startsWith(`${field}.`));
  return isParent || ancestors(field).some((name) => name in fields && !hasChildren(name, fields));
}

function hasChildren(name: string, fields: ModelFields): boolean {
  return Object.keys(fields).some((other) => other.startsWith(`${name}.`));
}

const NUMBERS = new Set(['number', 'int', 'long', 'double', 'decimal']);

function mayBe(
  from: string,
  before: ModelField | undefined,
  to: string,
  after: ModelField | undefined,
): boolean {
  // In a list `$rename` does not work, and not out of one either.
  if (from.includes('.$') || to.includes('.$')) return false;
  if (before?.type === undefined || after?.type === undefined || before.type === 'null')
    return true;
  if (NUMBERS.has(before.type) && NUMBERS.has(after.type)) return true;
  return before.type === after.type;
}
