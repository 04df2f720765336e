import type { Db, Document, MongoClient, Timestamp } from 'mongodb';
import { serverCode } from '../errors.ts';
import type { Topology } from '../topology.ts';
import type { Moment } from './raw-reader.ts';

const SNAPSHOT_TOO_OLD = 239;
const SNAPSHOT_UNAVAILABLE = 246;
/** Servers before 5.0 have no such reads, and say so in one of these ways. */
const UNSUPPORTED = new Set([72, 9, 2, 14, 40415]);

/**
 * Settles on a moment at which the whole database will be read: all that was acknowledged
 * before is in it. Otherwise says why there is none, for people.
 */
export async function settleMoment(
  client: MongoClient,
  db: Db,
  topology: Topology,
): Promise<Moment | string> {
  if (topology.type === 'standalone') return 'a standalone server has no snapshots';
  // Only where there is something to read does a read settle a moment.
  const ordinary = { type: 'collection', 'options.capped': { $ne: true } };
  const found = await db.listCollections(ordinary, { nameOnly: false }).toArray();
  const name = found.find((one) => !one.name.startsWith('system.'))?.name;
  if (name === undefined) return 'there is no collection of which the server keeps a history';
  const session = client.startSession({ snapshot: true });
  try {
    await waitForMajority(client, db, name);
    const readConcern = { level: 'snapshot' };
    const read = await db.command({ find: name, limit: 1, projection: { _id: 1 }, readConcern });
    const at = (read['cursor'] as Document)['atClusterTime'] as Timestamp | undefined;
    // The first read of such a session settles its own.
    const options = { session, projection: { _id: 1 }, readPreference: 'primary' } as const;
    await db.collection(name).findOne({}, options);
    if (at !== undefined) return { at, session };
  } catch (error) {
    if (!UNSUPPORTED.has(serverCode(error) ?? 0)) {
      await session.endSession();
      throw error;
    }
  }
  await session.endSession();
  return 'this server has no snapshots (MongoDB 5.0 and later have)';
}

/** A snapshot is of what a majority has; what the primary alone acknowledged is waited for. */
async function waitForMajority(client: MongoClient, db: Db, name: string): Promise<void> {
  const session = client.startSession({ causalConsistency: false });
  try {
    const { operationTime } = await db.command({ ping: 1 }, { session });
    const readConcern = {
      level: 'majority',
      ...(operationTime !== undefined && { afterClusterTime: operationTime }),
    };
    const projection = { _id: 1 };
    await db.command({ find: name, limit: 1, projection, readConcern }, { session });
  } finally {
    await session.endSession();
  }
}

/** Why a collection cannot be read as of the moment, for people; undefined: another failure. */
export function whyNotOfMoment(error: unknown): string | undefined {
  switch (serverCode(error)) {
    case SNAPSHOT_TOO_OLD:
      return 'the server keeps no history that long (minSnapshotHistoryWindowInSeconds)';
    case SNAPSHOT_UNAVAILABLE:
      return 'it was changed as a whole meanwhile, or its kind has no history';
    default:
      return undefined;
  }
}
