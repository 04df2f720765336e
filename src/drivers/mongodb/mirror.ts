import type { AnyBulkWriteOperation, ClientSession, Document } from 'mongodb';
import type {
  EndedEvent,
  MirrorRecord,
  MirrorSpec,
  NewHistoryEvent,
  VersionRecord,
} from '../../ports/history.ts';
import { toMongoError } from './errors.ts';
import { MAJORITY, type Store } from './store.ts';

/** What a mirror's document is made of. */
interface Mirrored {
  readonly kind: string;
  readonly version: string;
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly label?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly result?: unknown;
}

/** One mirror and what must be written to it. */
export interface MirrorWork {
  readonly name: string;
  readonly operations: readonly AnyBulkWriteOperation<Document>[];
}

/** Remembers which mirrors existed, to notice those that a migration itself created. */
export class Mirrors {
  readonly #store: Store;
  readonly #known = new Map<string, boolean>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Before a run: which of them are there. */
  async look(specs: readonly MirrorSpec[]): Promise<void> {
    const unknown = specs.filter(({ name }) => !this.#known.has(name));
    if (unknown.length > 0) await this.#exist(unknown);
  }

  /**
   * What keeps the mirrors in step with events that are about to be written. A mirror that
   * has come into being since the last look is told all that is applied.
   *
   * @param created collections that exist so far only inside the run's transaction
   */
  async prepare(
    specs: readonly MirrorSpec[],
    events: readonly NewHistoryEvent[],
    versions: () => Promise<VersionRecord[]>,
    created: ReadonlySet<string> = new Set(),
  ): Promise<MirrorWork[]> {
    const all = events.filter(isEnded);
    if (!specs.some((spec) => all.some((event) => isShown(spec, event)))) return [];
    const before = new Map(this.#known);
    await this.#exist(specs);
    const work: MirrorWork[] = [];
    for (const spec of specs) {
      const ended = all.filter((event) => isShown(spec, event));
      if (ended.length === 0) continue;
      const there = this.#known.get(spec.name) === true || created.has(spec.name);
      if (!there && spec.create === 'existing') continue;
      const isNew = before.get(spec.name) !== true;
      const applied = isNew
        ? (await versions()).filter((record) => record.state === 'applied')
        : [];
      const operations = [
        ...applied.flatMap((record) => insertOnce(spec, record, record.appliedAt)),
        ...ended.flatMap((event) => operationsFor(spec, event)),
      ];
      if (operations.length > 0) work.push({ name: spec.name, operations });
    }
    return work;
  }

  /** After the work was written. */
  wrote(work: readonly MirrorWork[]): void {
    for (const { name } of work) this.#known.set(name, true);
  }

  async #exist(specs: readonly MirrorSpec[]): Promise<void> {
    const names = specs.map(({ name }) => name);
    const found = await this.#store.db
      .listCollections({ name: { $in: names } }, { nameOnly: true, authorizedCollections: true })
      .toArray();
    const existing = new Set(found.map(({ name }) => name));
    for (const name of names) this.#known.set(name, existing.has(name));
  }
}

/** Inside the transaction of the session, or with majority outside one. */
export async function writeMirrors(
  store: Store,
  work: readonly MirrorWork[],
  session?: ClientSession,
): Promise<void> {
  for (const { name, operations } of work) {
    const options = session ? { session } : { writeConcern: MAJORITY };
    await store.db.collection(name).bulkWrite([...operations], { ordered: true, ...options });
  }
}

function isEnded(event: NewHistoryEvent): event is EndedEvent {
  return event.event === 'ended';
}

/** A failure is shown where the mirror has a field for it; a failed revert leaves it as it is. */
function isShown({ kind = 'migration', shape }: MirrorSpec, event: EndedEvent): boolean {
  const { status, direction } = event;
  return (
    event.kind === kind &&
    (status !== 'failed' || (shape.error !== undefined && direction === 'up'))
  );
}

function operationsFor(spec: MirrorSpec, event: EndedEvent): AnyBulkWriteOperation<Document>[] {
  const key = keyValue(spec, event);
  if (key === undefined) return [];
  const { field } = spec.shape.key;
  if (event.status === 'reverted') {
    // A record made by hand may hold the number as text, or the other way round.
    const spellings = spec.shape.key.value === 'version-number' ? [key, String(key)] : [key];
    return [{ deleteMany: { filter: { [field]: { $in: spellings } } } }];
  }
  if (event.status === 'failed') return [failure(spec, event, key)];
  // What was taken over from the mirror is in it already, with a date of its own.
  if (event.via === 'import') return insertOnce(spec, event, undefined);
  const { appliedAt } = spec.shape;
  const set = { ...fields(spec, event), ...statusField(spec) };
  const update = {
    ...(Object.keys(set).length > 0 && { $set: set }),
    ...(appliedAt !== undefined && { $currentDate: { [appliedAt]: true as const } }),
    ...(spec.shape.error !== undefined && { $unset: { [spec.shape.error]: '', failedAt: '' } }),
  };
  const filter = { [field]: key };
  const nothing = Object.keys(update).length === 0 ? { $setOnInsert: filter } : update;
  return [{ updateOne: { filter, update: nothing, upsert: true } }];
}

/** What is applied stays so, whatever failed since. */
function failure(
  spec: MirrorSpec,
  event: EndedEvent,
  key: string | number,
): AnyBulkWriteOperation<Document> {
  const { status = 'status', error = 'error', key: identity } = spec.shape;
  const { code, message } = event.error ?? { code: 'GODWIT_INTERNAL', message: '' };
  const values = {
    ...fields(spec, { ...event, result: undefined }),
    [status]: 'failed',
    [error]: { code, message, ...(event.stack !== undefined && { stack: event.stack }) },
  };
  const isApplied = { $eq: [`$${status}`, 'applied'] };
  const shown = Object.entries(values).map(([name, value]) => [
    name,
    { $cond: [isApplied, `$${name}`, { $literal: value }] },
  ]);
  const failedAt = { $cond: [isApplied, '$$REMOVE', '$$NOW'] };
  const update = [{ $set: { ...Object.fromEntries(shown), failedAt } }];
  return { updateOne: { filter: { [identity.field]: key }, update, upsert: true } };
}

function insertOnce(
  spec: MirrorSpec,
  record: Mirrored,
  at: Date | undefined,
): AnyBulkWriteOperation<Document>[] {
  const mirrored = record.kind === (spec.kind ?? 'migration');
  const key = mirrored ? keyValue(spec, record) : undefined;
  if (key === undefined) return [];
  const { appliedAt } = spec.shape;
  const filter = { [spec.shape.key.field]: key };
  const document = {
    ...filter,
    ...fields(spec, record),
    ...statusField(spec),
    ...(appliedAt !== undefined && { [appliedAt]: at ?? new Date() }),
  };
  return [{ updateOne: { filter, update: { $setOnInsert: document }, upsert: true } }];
}

function statusField({ shape }: MirrorSpec): Document {
  return shape.status === undefined ? {} : { [shape.status]: 'applied' };
}

function fields({ shape }: MirrorSpec, record: Mirrored): Document {
  const values: [field: string | undefined, value: unknown][] = [
    [shape.description, record.description],
    [shape.author, record.author],
    [shape.label, record.label],
    [shape.durationMs, record.durationMs],
    [shape.result, record.result],
  ];
  const present = values.filter(([field, value]) => field !== undefined && value !== undefined);
  return Object.fromEntries(present);
}

function keyValue(spec: MirrorSpec, record: Mirrored): string | number | undefined {
  switch (spec.shape.key.value) {
    case 'version-number': {
      const number = Number(record.version);
      return Number.isFinite(number) ? number : undefined;
    }
    case 'version':
      return record.version;
    case 'id':
      return record.id;
    case 'name':
      return record.name;
  }
}

/** The mirror's records as they are; a collection that does not exist has none. */
export async function readMirror(store: Store, spec: MirrorSpec): Promise<MirrorRecord[]> {
  const { key, appliedAt, status } = spec.shape;
  const names = [key.field, appliedAt, status].filter((name) => name !== undefined);
  const projection = { _id: 0, ...Object.fromEntries(names.map((name) => [name, 1])) };
  try {
    const documents = await store.db
      .collection(spec.name, { readPreference: 'primary' })
      .find({}, { projection })
      .toArray();
    return documents.flatMap((document) => toMirrorRecord(spec, document));
  } catch (error) {
    throw toMongoError(error, `read ${spec.name}`);
  }
}

function toMirrorRecord({ shape }: MirrorSpec, document: Document): MirrorRecord[] {
  const key: unknown = document[shape.key.field];
  if (key === undefined || key === null) return [];
  const at: unknown = shape.appliedAt === undefined ? undefined : document[shape.appliedAt];
  const status: unknown = shape.status === undefined ? undefined : document[shape.status];
  return [
    {
      key: String(key),
      ...(at instanceof Date && { appliedAt: at }),
      ...(typeof status === 'string' && { status }),
    },
  ];
}
