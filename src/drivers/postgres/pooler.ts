import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.ts';

/** Chance, and another client in between, can make a round look like a session's. */
const ROUNDS = 3;

/**
 * Tells a pooler in session mode, where a session lock works, from one that hands out a
 * server for each transaction. There each connection keeps its server, on which nobody else
 * works; here the first one's server changes, turns up under the second while that holds a
 * transaction open, or has served somebody else meanwhile. When in doubt the answer is yes,
 * because a lease works everywhere.
 */
export async function poolsTransactions(
  first: Connection,
  connectSecond: () => Promise<Connection>,
): Promise<boolean> {
  let second: Connection | undefined;
  try {
    second = await connectSecond();
    const mark = `godwit ${randomUUID()}`;
    const before = await ask(first, mark, undefined);
    let other: Asked | undefined;
    for (let round = 0; round < ROUNDS; round++) {
      const again = await Promise.all([ask(first, mark, other), ask(first, mark, other)]);
      if (again.some(({ pid, kept }) => pid !== before.pid || !kept)) return true;
      // In session mode a full pool lets the second one wait: no answer, no proof.
      const held = await within(2_000, ask(second, mark, before, 'begin;'));
      if (held === undefined || held.pid === before.pid || !held.kept) return true;
      if (other !== undefined && held.pid !== other.pid) return true;
      const after = await within(2_000, ask(first, mark, held));
      if (after === undefined || after.pid !== before.pid || !after.kept) return true;
      await second.simple(`rollback /* ${mark} */`);
      other = held;
    }
    return false;
  } catch {
    return true;
  } finally {
    if (second) {
      await within(1_000, second.simple('rollback')).catch(() => undefined);
      second.destroy();
    }
  }
}

interface Asked {
  readonly pid: string | null | undefined;
  /** The other connection's server has done nothing but what that one asked of it. */
  readonly kept: boolean;
}

async function ask(
  connection: Connection,
  mark: string,
  other: Asked | undefined,
  before = '',
): Promise<Asked> {
  const kept =
    other === undefined
      ? 'true'
      : `exists (select from pg_catalog.pg_stat_activity
          where pid = ${Number(other.pid)} and query like '%${mark}%')`;
  const results = await connection.simple(
    `${before}select pg_catalog.pg_backend_pid(), ${kept} /* ${mark} */`,
  );
  const [pid, isKept] = results.at(-1)?.rows[0] ?? [];
  return { pid, kept: isKept === 't' };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  promise.catch(() => undefined);
  return Promise.race([promise, sleep(ms, undefined, { ref: false })]);
}
