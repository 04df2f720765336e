import type { Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import type { BackfillJob } from '../../../ports/backfill-job.ts';
import { SERVER_CODE, serverCode } from '../errors.ts';
import { keyOf } from './keys.ts';
import { collectionOf, EXACT, type Parts } from './parts.ts';
import type { KeyShape } from './ranges.ts';

/** A collection and the index along which it is worked on. */
export interface Target {
  readonly shape: KeyShape;
  /** For `hint`. */
  readonly hint: string | Document;
  /** Only the key's fields. */
  readonly projection: Document;
  readonly ascending: Document;
  readonly descending: Document;
  /** Strings are compared by a collation of the collection. */
  readonly collated: boolean;
  readonly sharded: boolean;
}

interface IndexDocument {
  readonly name: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly partialFilterExpression?: unknown;
  readonly collation?: { readonly locale?: string; readonly strength?: number };
}

/** @throws GodwitError `GODWIT_BACKFILL_INVALID` */
export function findTarget(parts: Parts, job: BackfillJob): Promise<Target> {
  const id = JSON.stringify([job.target, job.key ?? ['_id']]);
  const known = parts.targets.get(id);
  if (known !== undefined) return known;
  const looking = lookUp(parts, job);
  parts.targets.set(id, looking);
  // A collection that is missing now may be there when asked again.
  looking.catch(() => parts.targets.delete(id));
  return looking;
}

async function lookUp(parts: Parts, job: BackfillJob): Promise<Target> {
  const fields = job.key ?? ['_id'];
  const options = await checkCollection(parts, job);
  const collated = options['collation'] !== undefined;
  const hint = isId(fields) ? { _id: 1 } : await findIndex(parts, job, fields, options);
  if (collated && fields.length > 1) {
    throw invalid(job, 'has a collation, with which a key of several fields cannot be ordered');
  }
  const text = (value: unknown): string =>
    parts.mongo.BSON.EJSON.stringify(value as never, { relaxed: false });
  const sorted = (direction: 1 | -1): Document =>
    Object.fromEntries(fields.map((field) => [field, direction]));
  return {
    shape: { fields, text },
    hint,
    projection: { ...(!fields.includes('_id') && { _id: 0 }), ...sorted(1) },
    ascending: sorted(1),
    descending: sorted(-1),
    collated,
    sharded: parts.topology === 'sharded' && (await isSharded(parts, job)),
  };
}

function isId(fields: readonly string[]): boolean {
  return fields.length === 1 && fields[0] === '_id';
}

/** @returns the collection's options */
async function checkCollection(parts: Parts, job: BackfillJob): Promise<Document> {
  const [info] = await parts.db.listCollections({ name: job.target }).toArray();
  if (info === undefined) throw invalid(job, 'does not exist');
  const { type, options = {} } = info as { type?: string; options?: Document };
  if (type === 'view') throw invalid(job, 'is a view; name the collection it is made of');
  if (type === 'timeseries') throw invalid(job, 'is a time series, whose documents do not change');
  if (options['capped']) throw invalid(job, 'is capped, where documents may not grow or go');
  if (job.target.startsWith('system.')) throw invalid(job, "belongs to the server's own");
  return options;
}

async function findIndex(
  parts: Parts,
  job: BackfillJob,
  fields: readonly string[],
  options: Document,
): Promise<string> {
  const indexes = (await collectionOf(parts, job).listIndexes().toArray()) as IndexDocument[];
  const wanted = JSON.stringify(fields.map((field) => [field, 1]));
  const locale = (collation: unknown): string => {
    const { locale: name, strength } = (collation ?? {}) as { locale?: string; strength?: number };
    return `${name ?? 'simple'} ${strength ?? 3}`;
  };
  const found = indexes.find(
    ({ key, unique, sparse, partialFilterExpression, collation }) =>
      JSON.stringify(Object.entries(key).map(([name, way]) => [name, Number(way)])) === wanted &&
      unique === true &&
      !sparse &&
      partialFilterExpression === undefined &&
      locale(collation) === locale(options['collation']),
  );
  if (found === undefined) {
    const spec = fields.map((field) => `${field}: 1`).join(', ');
    throw invalid(job, `has no unique index { ${spec} }, which its \`key\` needs`, [
      `createIndex({ ${spec} }, { unique: true })`,
      'or leave `key` out: then it is _id',
    ]);
  }
  if (await isMultikey(parts, job, found.name)) {
    throw invalid(job, `has arrays in its key (${fields.join(', ')})`);
  }
  return found.name;
}

async function isMultikey(parts: Parts, job: BackfillJob, hint: string): Promise<boolean> {
  const plan = await parts.db.command({
    explain: { find: job.target, filter: {}, hint },
    verbosity: 'queryPlanner',
  });
  return JSON.stringify(plan).includes('"isMultiKey":true');
}

async function isSharded(parts: Parts, job: BackfillJob): Promise<boolean> {
  const [first] = await collectionOf(parts, job)
    .aggregate([{ $collStats: { count: {} } }, { $limit: 2 }])
    .toArray();
  return first?.['shard'] !== undefined;
}

/** Refuses what the server would refuse of every row, before anything was begun. */
export async function checkChange(parts: Parts, job: BackfillJob, u: unknown): Promise<void> {
  const updates = [{ q: { $and: [{ _id: null }, job.filter ?? {}] }, u, multi: true }];
  try {
    await parts.db.command({
      explain: { update: job.target, updates },
      verbosity: 'queryPlanner',
    });
  } catch (error) {
    const code = serverCode(error);
    // Whoever may only read can still look; writing will be refused by the server.
    if (code === SERVER_CODE.unauthorized) return;
    if (code === undefined) throw error;
    throw invalid(job, `cannot be changed so: ${(error as Error).message}`);
  }
}

/** The first or last key along the index. */
export async function edgeKey(
  parts: Parts,
  job: BackfillJob,
  target: Target,
  side: 'top' | 'bottom',
): Promise<readonly unknown[] | undefined> {
  const [found] = await collectionOf(parts, job)
    .find({}, { projection: target.projection, hint: target.hint, ...EXACT })
    .sort((side === 'top' ? target.descending : target.ascending) as never)
    .limit(1)
    .toArray();
  return found && keyOf(found, target.shape.fields);
}

export function invalid(
  job: BackfillJob,
  what: string,
  next: readonly string[] = ['mend the definition, then: godwit backfill run'],
): GodwitError {
  return new GodwitError('GODWIT_BACKFILL_INVALID', `The collection ${job.target} ${what}.`, {
    state: 'Nothing was done.',
    next,
  });
}
