import type { Db, Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';

/** A collection's validator with how strictly it is applied; empty: none. */
export interface ValidatorState {
  readonly validator: Document;
  readonly validationLevel: string;
  readonly validationAction: string;
}

interface Kept {
  readonly _id: number;
  readonly collection: string;
  /** Of several steps that one migration makes only the first counts. */
  readonly owner: string | null;
  readonly from: unknown;
  readonly to: unknown;
}

const NONE: ValidatorState = {
  validator: {},
  validationLevel: 'strict',
  validationAction: 'error',
};

/** What the collection has now; undefined when there is no collection. */
export async function readValidator(db: Db, name: string): Promise<ValidatorState | undefined> {
  const [info] = await db.listCollections({ name }, { nameOnly: false }).toArray();
  if (info === undefined) return undefined;
  if (info.type === 'view') {
    throw new GodwitError('GODWIT_UNSUPPORTED', `${name} is a view, which has no validator.`);
  }
  const { validator, validationLevel, validationAction } =
    (info as { options?: Document }).options ?? {};
  return {
    validator: validator ?? NONE.validator,
    validationLevel: validationLevel ?? NONE.validationLevel,
    validationAction: validationAction ?? NONE.validationAction,
  };
}

/**
 * Remembers what is about to be replaced, so that `restoreValidator` knows. Twice the same
 * step, after an interruption, is remembered once.
 */
export async function keep(
  db: Db,
  store: string,
  name: string,
  step: { readonly from: ValidatorState; readonly to: ValidatorState; readonly owner?: string },
): Promise<void> {
  const kept = db.collection<Kept>(store);
  const owner = step.owner ?? null;
  const to = encode(step.to);
  const [newest] = await kept.find({ collection: name }).sort({ _id: -1 }).limit(1).toArray();
  const mine = newest !== undefined && owner !== null && newest.owner === owner;
  if (newest !== undefined && (mine || same(newest.to, to))) {
    await kept.updateOne({ _id: newest._id }, { $set: { to } });
    return;
  }
  const [last] = await kept.find().sort({ _id: -1 }).limit(1).toArray();
  const _id = (last?._id ?? 0) + 1;
  await kept.insertOne({ _id, collection: name, owner, from: encode(step.from), to });
}

/** The newest step of the collection. */
export async function newestKept(
  db: Db,
  store: string,
  name: string,
): Promise<{ from: ValidatorState; to: ValidatorState; forget(): Promise<void> } | undefined> {
  const kept = db.collection<Kept>(store);
  const [newest] = await kept.find({ collection: name }).sort({ _id: -1 }).limit(1).toArray();
  if (newest === undefined) return undefined;
  return {
    from: decode(newest.from) as ValidatorState,
    to: decode(newest.to) as ValidatorState,
    forget: async () => {
      await kept.deleteOne({ _id: newest._id });
    },
  };
}

/** Whether two validators are the same, whatever order the server keeps keys in. */
export function same(a: unknown, b: unknown): boolean {
  return stable(a) === stable(b);
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
      : inner instanceof RegExp
        ? String(inner)
        : inner,
  );
}

/** Servers before 5.0 refuse `$` at the beginning of a field's name, and dots in it. */
function encode(value: unknown): unknown {
  return mapKeys(value, (key) => key.replace(/^\$/, '＄').replaceAll('.', '．'));
}

function decode(value: unknown): unknown {
  return mapKeys(value, (key) => key.replace(/^＄/, '$').replaceAll('．', '.'));
}

function mapKeys(value: unknown, change: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapKeys(item, change));
  if (value === null || typeof value !== 'object' || !isPlain(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => [change(key), mapKeys(item, change)]);
  return Object.fromEntries(entries);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
