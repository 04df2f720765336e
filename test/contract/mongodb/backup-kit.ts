import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db, Document } from 'mongodb';
import { BSON } from 'mongodb';
import type { BackupData, BackupManifest, BackupTools } from '../../../src/ports/backup.ts';
import type { Driver } from '../../../src/ports/driver.ts';

const {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} = BSON;

export const QUIET = { signal: new AbortController().signal, onProgress: () => {} };

export async function folder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'godwit-backup-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** What the app adds, without its checksums. */
export function manifestOf(driver: Driver, data: BackupData): BackupManifest {
  return {
    ...data,
    format: 1,
    id: 'test',
    driver: 'mongodb',
    host: driver.target.host,
    database: driver.target.database,
    at: new Date().toISOString(),
    durationMs: 1,
    files: [],
    reason: 'test',
    godwit: '0.0.0',
  };
}

export async function backUp(
  driver: Driver,
  path: string,
  only?: readonly string[],
  tools: BackupTools = {},
): Promise<BackupManifest> {
  const backups = await driver.backups?.(tools);
  if (backups === undefined) throw new Error('no backups');
  return manifestOf(driver, await backups.create({ ...QUIET, folder: path, only }));
}

/** A value of each type that can be stored, and keys that an object would reorder. */
export function everyType(): Document {
  return {
    double: new Double(1),
    minusZero: new Double(-0),
    nan: new Double(Number.NaN),
    infinite: new Double(Number.NEGATIVE_INFINITY),
    string: 'Zürich 🦆 \u0000 nul',
    empty: '',
    object: { nested: { deep: [1, [2, { x: null }]] }, '': 'an empty key' },
    array: [],
    binary: new Binary(Buffer.from([1, 2, 3]), 0),
    oldBinary: new Binary(Buffer.from([1, 2, 3]), 2),
    md5: new Binary(Buffer.alloc(16, 7), 5),
    own: new Binary(Buffer.from([9]), 128),
    uuid: new UUID('0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'),
    id: new ObjectId('656565656565656565656565'),
    yes: true,
    date: new Date(0),
    before: new Date(-62_135_596_800_000),
    none: null,
    regex: new BSONRegExp('^a.*b$', 'im'),
    dbref: new DBRef('other', new ObjectId('656565656565656565656566')),
    code: new Code('function () { return 1; }'),
    scoped: new Code('function () { return x; }', { x: new Int32(1) }),
    symbol: new BSONSymbol('symbol'),
    int: new Int32(-2_147_483_648),
    timestamp: new Timestamp({ t: 1_700_000_000, i: 5 }),
    long: Long.fromString('9223372036854775807'),
    decimal: Decimal128.fromString('1.10'),
    decimalNan: Decimal128.fromString('NaN'),
    min: new MinKey(),
    max: new MaxKey(),
  };
}

/** Bytes with what the driver's own values cannot say, as they may lie in old databases. */
export function oddDocument(): Buffer {
  const body = Buffer.concat([
    Buffer.from('\u0007_id\0', 'latin1'),
    Buffer.alloc(12, 1),
    // Keys out of an object's order, and one of them twice.
    ...['b', '2', 'a', '1', 'a'].map((key) => Buffer.from(`\u0010${key}\0\x01\0\0\0`, 'latin1')),
    Buffer.from('\u0006undefined\0', 'latin1'),
    Buffer.from('\u000cpointer\0\x05\0\0\0a.bc\0', 'latin1'),
    Buffer.alloc(12, 2),
    // A date beyond those of JavaScript.
    Buffer.from('\u0009far\0\xff\xff\xff\xff\xff\xff\xff\x7f', 'latin1'),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 5);
  return Buffer.concat([length, body, Buffer.alloc(1)]);
}

/** All that a restore must bring back, byte for byte. */
export async function everything(db: Db): Promise<Record<string, unknown>> {
  const exact = { promoteValues: false, bsonRegExp: true } as const;
  const found = await db.listCollections({}, exact).toArray();
  const all: Record<string, unknown> = {};
  for (const one of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name, type, options } = one as { name: string; type: string; options: unknown };
    // Neither is restored: the server makes the one, a holder keeps renewing the other.
    if (name === 'system.views' || name === 'godwit_lock') continue;
    const indexes =
      type === 'view' || name.startsWith('system.') ? [] : await indexesOf(db, name, exact);
    all[name] = { type, options, indexes, documents: await bytesOf(db, name, type) };
  }
  return all;
}

async function indexesOf(db: Db, name: string, exact: object): Promise<unknown[]> {
  const found = (await db.collection(name).listIndexes(exact).toArray()) as { name: string }[];
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function bytesOf(db: Db, name: string, type: string): Promise<string[]> {
  const found = await db.collection(name).find({}, { raw: true }).toArray();
  const bytes = found.map((one) => Buffer.from(one as unknown as Uint8Array).toString('base64'));
  if (type !== 'collection' || !name.startsWith('capped')) bytes.sort();
  // Of many a hash: what differs is not looked at one by one.
  return bytes.length <= 100 ? bytes : [createHash('sha256').update(bytes.join()).digest('hex')];
}
