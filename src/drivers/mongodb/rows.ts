import type { Document } from 'mongodb';
import type { PlainRow, Row, Rows, Sample } from '../../ports/rows.ts';
import { copyNames } from './backup/copy-collection.ts';
import { loadDriver } from './load-driver.ts';
import type { Store } from './store.ts';

const BATCH = 1000;

/** Values as they are stored, so that an int and a double are told apart. */
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false } as const;

export function openRows({ db }: Store, prefix: string, root: string): Rows {
  const { EJSON } = loadDriver(root).module.BSON;
  const text = (value: unknown): string => EJSON.stringify(value, { relaxed: false });
  const tables = async (): Promise<string[]> => {
    const listed = await db.listCollections({}, { nameOnly: true }).toArray();
    const copies = await copyNames(
      db,
      listed.map(({ name }) => name),
    );
    return listed
      .filter(({ type, name }) => type !== 'view' && isTheirs(name, prefix) && !copies.has(name))
      .map(({ name }) => name)
      .sort();
  };
  const load = async ({ name, rows }: Sample): Promise<number> => {
    if (rows.length === 0) return 0;
    const documents = rows.map((row) => EJSON.deserialize(row as Document, { relaxed: false }));
    try {
      await db.collection(name).insertMany(documents, { ordered: false });
      return 0;
    } catch (error) {
      const refused = (error as { readonly writeErrors?: unknown }).writeErrors;
      if (refused === undefined) throw error;
      return Array.isArray(refused) ? refused.length : 1;
    }
  };
  return {
    tables,
    async *read(table): AsyncGenerator<readonly Row[]> {
      const found = db.collection(table).find({}, { ...EXACT, batchSize: BATCH });
      let batch: Row[] = [];
      for await (const document of found) {
        batch.push({ key: text(document['_id']), text: text(sorted(document)) });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    },
    async sample(limit) {
      const samples: Sample[] = [];
      for (const name of await tables()) {
        const found = await db.collection(name).find({}, EXACT).limit(limit).toArray();
        const rows = found.map((document) => JSON.parse(text(document)) as PlainRow);
        const indexes = await db.collection(name).listIndexes().toArray();
        const unique = indexes.filter((index) => index['unique'] === true);
        const identity = ['_id', ...unique.flatMap((index) => Object.keys(index['key']))];
        samples.push({ name, identity, rows });
      }
      return samples;
    },
    async load(samples) {
      let refused = 0;
      for (const sample of samples) refused += await load(sample);
      return refused;
    },
  };
}

function isTheirs(name: string, prefix: string): boolean {
  return !name.startsWith('system.') && (prefix === '' || !name.startsWith(prefix));
}

/** `$unset` and `$set` of the same field put it last: that is no difference to anybody. */
function sorted(document: Document): Document {
  const entries = Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
