import type { Connection } from './connection.ts';
import type { Workplace } from './workplace.ts';

const LONGEST_QUERY = 120;

/**
 * Looks, while a statement waits for a lock, who has it: after the time-out nobody is
 * blocked any longer. The second session is opened only when a wait gets long.
 */
export class BlockerWatch {
  readonly #place: Workplace;
  readonly #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #seen: readonly string[] = [];

  constructor(place: Workplace, lockTimeoutMs: number) {
    this.#place = place;
    if (lockTimeoutMs <= 0) return;
    this.#timer = setInterval(
      () => {
        this.#looking = this.#looking.then(() => this.#look());
      },
      Math.max(20, lockTimeoutMs * 0.4),
    );
    this.#timer.unref();
  }

  /** Ends the watching and tells whom was seen. */
  async finish(): Promise<readonly string[]> {
    clearInterval(this.#timer);
    await this.#looking;
    return this.#seen;
  }

  async #look(): Promise<void> {
    const pid = this.#place.lock.backendPid();
    const observer =
      pid === undefined ? undefined : await this.#place.observer().catch(() => undefined);
    if (!observer || pid === undefined) return;
    const seen = await findBlockers(observer, pid).catch(() => []);
    if (seen.length > 0) this.#seen = seen;
  }
}

/** Who blocks this backend: pid, user, age of the transaction, query. */
export async function findBlockers(observer: Connection, pid: number): Promise<string[]> {
  const [result] = await observer.simple(
    `select a.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''), coalesce(a.state, ''),
      coalesce(pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - a.xact_start)), 0),
      coalesce(pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), ${LONGEST_QUERY}), '')
    from pg_catalog.pg_stat_activity a where a.pid = any(pg_catalog.pg_blocking_pids(${pid}))`,
  );
  return (result?.rows ?? []).map(
    ([id, user, application, state, age, query]) =>
      `pid ${id} (${[user, application].filter(Boolean).join(', ')}), ${state} for ${age} s: ${query}`,
  );
}
