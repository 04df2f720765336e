import * as mongodb7 from 'mongodb';
import * as mongodb5 from 'mongodb5';
import * as mongodb6 from 'mongodb6';
import { describe, expect, it } from 'vitest';
import { Tally } from '../../../../src/drivers/mongodb/guard/counts.ts';
import {
  CLIENT,
  COLLECTION,
  callWrites,
  DB,
  pipelineWrites,
} from '../../../../src/drivers/mongodb/guard/methods.ts';

/** Methods that may pass untouched: they neither read nor write by themselves. */
const HARMLESS = new Set([
  ...[
    'constructor',
    'collection',
    'admin',
    'db',
    'connect',
    'close',
    'startSession',
    'withSession',
    'asyncDispose',
  ],
  ...['appendMetadata', 'checkForNonGenuineHosts', 'listSearchIndexes'],
]);

function methodsOf(type: { prototype: object }): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(type.prototype))
    .filter(([name, { value }]) => typeof value === 'function' && !name.startsWith('_'))
    .map(([name]) => name);
}

describe.each([
  ['5', mongodb5],
  ['6', mongodb6],
  ['7', mongodb7],
])('the tables of the guard know every method of driver %s', (_major, driver) => {
  it.each([
    ['Collection', COLLECTION],
    ['Db', DB],
    ['MongoClient', CLIENT],
  ] as const)('%s', (name, table) => {
    const type = (driver as unknown as Record<string, { prototype: object }>)[name];
    if (!type) throw new Error(name);
    const unknown = methodsOf(type).filter((method) => !HARMLESS.has(method) && !(method in table));
    expect(unknown).toEqual([]);
  });
});

describe('callWrites', () => {
  const command = DB['command'];
  if (!command) throw new Error('no command');
  it.each([
    [{ find: 'a' }, false],
    [{ ping: 1 }, false],
    [{ insert: 'a', documents: [] }, true],
    [{ collMod: 'a' }, true],
    [{ somethingNew: 1 }, true],
    [{ aggregate: 'a', pipeline: [{ $match: {} }] }, false],
    [{ aggregate: 'a', pipeline: [{ $merge: 'b' }] }, true],
    [new Map([['insert', 'a']]), true],
  ])('%o', (asked, writes) => {
    expect(callWrites(command, [asked])).toBe(writes);
  });
  it('looks at the last stage', () => {
    expect(pipelineWrites([{ $match: {} }, { $out: 'x' }])).toBe(true);
    expect(pipelineWrites([])).toBe(false);
    expect(pipelineWrites(undefined)).toBe(false);
  });
});

describe('Tally', () => {
  it('reads the results of all majors', () => {
    const tally = new Tally();
    tally.add('a', 'insert', 'insertOne', { acknowledged: true, insertedId: 1 });
    tally.add('a', 'insert', 'insertMany', { insertedCount: 3 });
    tally.add('a', 'update', 'updateMany', { modifiedCount: 2, upsertedCount: 1 });
    tally.add('a', 'find-and-modify', 'findOneAndUpdate', {
      value: {},
      lastErrorObject: { n: 1 },
      ok: 1,
    });
    tally.add('a', 'find-and-modify', 'findOneAndDelete', null);
    tally.add('a', 'find-and-modify', 'findOneAndDelete', { _id: 1 });
    tally.add('b', 'create-index', 'createIndexes', ['x', 'y']);
    expect(tally.counts).toEqual({
      a: { inserted: 4, modified: 3, upserted: 1, deleted: 1 },
      b: { indexesCreated: 2 },
    });
  });
});
