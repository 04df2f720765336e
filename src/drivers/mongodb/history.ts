import type { Document } from 'mongodb';
import { foldHistory, recordKey } from '../../core/fold.ts';
import type {
  HistoryEvent,
  HistoryQuery,
  HistoryReader,
  VersionRecord,
} from '../../ports/history.ts';
import { toMongoError } from './errors.ts';
import { HIDDEN, newer, RECORD_VERSION, toEvent } from './record.ts';
import type { HistoryDocument, Store } from './store.ts';

const VISIBLE = { event: { $ne: HIDDEN } };

export function createHistoryReader(store: Store): HistoryReader {
  return {
    versions: () => readVersions(store).catch(unreadable),
    events: (query = {}) => readEvents(store, query).catch(unreadable),
  };
}

function unreadable(error: unknown): never {
  throw toMongoError(error, 'read the history');
}

async function readEvents(store: Store, query: HistoryQuery): Promise<HistoryEvent[]> {
  const filter: Document = { ...VISIBLE, ...(query.version && { version: query.version }) };
  if (query.limit === undefined) {
    const documents = await store.history.find(filter).sort({ _id: 1 }).toArray();
    return documents.map(toEvent);
  }
  const newest: HistoryDocument[] = [];
  const runs = new Set<unknown>();
  // The events of a run stand side by side, so the first run too many ends the search.
  for await (const document of store.history.find(filter).sort({ _id: -1 })) {
    runs.add(document['run']);
    if (runs.size > query.limit) break;
    newest.push(document);
  }
  return newest.reverse().map(toEvent);
}

/** What the fold of one version needs from its last event, when that says it all. */
const FIELDS = [
  'kind',
  'version',
  'id',
  'name',
  'direction',
  'run',
  'fence',
  'checksum',
  'normalized',
  'description',
  'author',
  'label',
] as const;

/**
 * Folds inside the server. A run that ended well says all about its version by its last
 * event alone, and that is all that is fetched of it; the events of other versions, which
 * are few, are fetched whole and folded here.
 */
async function readVersions(store: Store): Promise<VersionRecord[]> {
  const folded = await store.history.aggregate(PIPELINE, { allowDiskUse: true }).toArray();
  const open = folded.filter((row) => row['s'] === undefined);
  const records = new Map<string, VersionRecord>();
  if (open.length > 0) {
    const versions = open.map(({ _id }) => _id as { k: string; v: string });
    const events = await store.history
      .find({ ...VISIBLE, $or: versions.map(({ k, v }) => ({ kind: k, version: v })) })
      .sort({ _id: 1 })
      .toArray();
    for (const record of foldHistory(events.map(toEvent))) records.set(recordKey(record), record);
  }
  folded.sort((a, b) => Number(a['f']) - Number(b['f']));
  return folded.flatMap((row) => {
    if (Number(row['x']) > RECORD_VERSION) throw newer(Number(row['x']));
    if (row['s'] !== undefined) return [toRecord(row)];
    const { k, v } = row['_id'] as { k: string; v: string };
    return records.get(recordKey({ kind: k, version: v })) ?? [];
  });
}

const DONE = {
  $and: [{ $eq: ['$event', 'ended'] }, { $in: ['$status', ['applied', 'reverted']] }],
};

const PIPELINE: Document[] = [
  { $match: VISIBLE },
  { $sort: { _id: 1 } },
  {
    $group: {
      _id: { k: '$kind', v: '$version' },
      f: { $first: '$_id' },
      x: { $max: '$v' },
      l: { $last: { $cond: [DONE, '$$ROOT', null] } },
    },
  },
  {
    $project: {
      f: 1,
      x: 1,
      s: '$l._id',
      a: '$l.at',
      d: '$l.durationMs',
      t: '$l.status',
      ...Object.fromEntries(FIELDS.map((name) => [name, `$l.${name}`])),
    },
  },
];

function toRecord(row: Document): VersionRecord {
  const described = Object.fromEntries(FIELDS.map((name) => [name, row[name]]));
  const base = { ...described, effect: 'complete' } as unknown as VersionRecord;
  if (row['t'] === 'reverted') return { ...base, state: 'pending' };
  return {
    ...base,
    state: 'applied',
    appliedAt: row['a'] as Date,
    appliedSeq: row['s'] as number,
    durationMs: row['d'] as number,
  };
}
