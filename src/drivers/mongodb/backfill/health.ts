import type { Document } from 'mongodb';
import type { Health } from '../../../ports/backfill.ts';
import type { Parts } from './parts.ts';

/** What the user may not read is absent. */
export async function readHealth(parts: Parts): Promise<Health> {
  const [status, lagMs] = await Promise.all([
    ask(parts, { serverStatus: 1, repl: 0, metrics: 0, tcmalloc: 0, locks: 0 }),
    parts.topology === 'replica set' ? readLag(parts) : undefined,
  ]);
  const queue = status?.['globalLock']?.currentQueue?.total;
  const cache = status?.['wiredTiger']?.cache;
  const dirty = Number(cache?.['tracked dirty bytes in the cache']);
  const size = Number(cache?.['maximum bytes configured']);
  const limited = status?.['flowControl']?.isLagged;
  return {
    ...(lagMs !== undefined && { lagMs }),
    ...(queue !== undefined && { waiting: Number(queue) }),
    ...(typeof limited === 'boolean' && { flowControlled: limited }),
    ...(size > 0 && dirty >= 0 && { dirty: dirty / size }),
  };
}

/** Of the slowest member that holds data and is not delayed on purpose. */
async function readLag(parts: Parts): Promise<number | undefined> {
  const status = await ask(parts, { replSetGetStatus: 1 });
  if (status !== undefined) return lagOf(status['members'] as Member[]);
  // Without that right: how far the majority is behind, which `hello` tells everybody.
  const lastWrite = (await ask(parts, { hello: 1 }))?.['lastWrite'];
  if (!lastWrite?.lastWriteDate || !lastWrite.majorityWriteDate) return undefined;
  return Math.max(0, lastWrite.lastWriteDate - lastWrite.majorityWriteDate);
}

interface Member {
  readonly stateStr: string;
  readonly optimeDate?: Date;
  readonly health?: number;
}

function lagOf(members: readonly Member[]): number | undefined {
  const primary = members.find(({ stateStr }) => stateStr === 'PRIMARY')?.optimeDate;
  if (primary === undefined) return undefined;
  const lags = members
    .filter(({ stateStr, health }) => stateStr === 'SECONDARY' && health === 1)
    .map(({ optimeDate }) => primary.getTime() - (optimeDate?.getTime() ?? primary.getTime()));
  return Math.max(0, ...lags);
}

async function ask(parts: Parts, command: Document): Promise<Document | undefined> {
  return parts.client
    .db('admin')
    .command(command)
    .catch(() => undefined);
}
