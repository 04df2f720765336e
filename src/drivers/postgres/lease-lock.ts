import { randomUUID } from 'node:crypto';
import { GodwitError, toGodwitError } from '../../errors.ts';
import type { AcquireOptions } from '../../ports/session.ts';
import { forget } from './advisory-lock.ts';
import { claim } from './claim.ts';
import { type Connection, sqlState } from './connection.ts';
import type { HeldLock } from './held-lock.ts';
import { begin, localRole, type Store } from './store.ts';
import { literal } from './text.ts';

interface LeaseOptions {
  readonly store: Store;
  readonly fence: number;
  readonly token: string;
  readonly leaseMs: number;
  readonly succeeded: HeldLock['succeeded'];
  /** Does the work. */
  readonly connection: Connection;
  /** Keeps the lease while the first one is busy. */
  readonly keeper: Connection;
}

/** Tries once to take the lease, and begins to renew it. */
export async function tryLease(
  connection: Connection,
  store: Store,
  options: AcquireOptions,
  connectKeeper: () => Promise<Connection>,
): Promise<HeldLock | 'busy'> {
  const token = randomUUID();
  const { leaseMs } = options;
  const claimed = await claim(connection, store, options, { mode: 'lease', token, leaseMs });
  if (!claimed) return 'busy';
  const keeper = await connectKeeper();
  return new Lease({ store, token, leaseMs, connection, keeper, ...claimed });
}

/**
 * A row with an expiry by the server's clock. The work's transaction locks the row first,
 * so a successor waits for that work, and work whose lease is gone does not begin.
 */
class Lease implements HeldLock {
  readonly ofSession = false;
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #renewing: Promise<void> = Promise.resolve();
  #renewedAt = performance.now();
  #released = false;
  #pid: number | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#renewing = this.#renewing.then(() => this.#renew());
    }, options.leaseMs / 3);
    this.#timer.unref();
    const lose = (): void =>
      this.#lose('GODWIT_CONNECTION_LOST', 'The connection to PostgreSQL was lost.');
    options.connection.lost.addEventListener('abort', lose, { once: true });
  }

  get fence(): number {
    return this.#options.fence;
  }

  get succeeded(): HeldLock['succeeded'] {
    return this.#options.succeeded;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  backendPid(): number | undefined {
    return this.#pid;
  }

  /** The fence has to be looked at before anything is sent: one message more. */
  async begin(settings: readonly string[]): Promise<readonly string[]> {
    this.#throwIfLost();
    const { connection, store, token } = this.#options;
    const role = localRole(store);
    const results = await connection.simple(
      `begin;${role}${settings.map((setting) => `${setting};`).join('')}
      select pg_catalog.pg_backend_pid() from ${store.lock} where token = ${literal(token)} for update`,
    );
    const pid = results.at(-1)?.rows[0]?.[0];
    if (pid == null) {
      await connection.simple('rollback');
      this.#lose(
        'GODWIT_LOCK_LOST',
        'The lock was lost: the lease ran out and somebody else took it.',
      );
      this.#throwIfLost();
    }
    this.#pid = Number(pid);
    return [];
  }

  /** Work that took long has not renewed meanwhile, because it has the row. */
  closing(): readonly string[] {
    const { store, token } = this.#options;
    return [
      `update ${store.lock} set expires_at = ${this.#until()} where token = ${literal(token)}`,
    ];
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#timer);
    await this.#renewing;
    const { connection, store, fence } = this.#options;
    if (connection.lost.aborted) return;
    try {
      if (connection.state !== 'I') await connection.simple('rollback');
      await forget(connection, store, fence);
    } catch {
      // It runs out by itself.
    }
  }

  #until(): string {
    return `pg_catalog.clock_timestamp() + interval '${Math.round(this.#options.leaseMs)} milliseconds'`;
  }

  async #renew(): Promise<void> {
    if (this.#released || this.#lost.signal.aborted) return;
    const { keeper, store, token, leaseMs } = this.#options;
    const mine = `token = ${literal(token)}`;
    try {
      const results = await keeper.simple(
        `${begin(store)}
        update ${store.lock} set expires_at = ${this.#until()} where one in
          (select one from ${store.lock} where ${mine} for update skip locked);
        select 1 from ${store.lock} where ${mine};commit`,
      );
      if (results.at(-2)?.rowCount !== 1) {
        this.#lose(
          'GODWIT_LOCK_LOST',
          'The lock was lost: the lease ran out and somebody else took it.',
        );
      }
      this.#renewedAt = performance.now();
    } catch (error) {
      if (keeper.state === 'E') await keeper.simple('rollback').catch(() => undefined);
      const late = performance.now() - this.#renewedAt > leaseMs;
      if (late || sqlState(error) === '42P01') {
        this.#lose(
          'GODWIT_LOCK_LOST',
          'The lock was lost: the lease could not be renewed in time.',
        );
      }
    }
  }

  #lose(code: 'GODWIT_LOCK_LOST' | 'GODWIT_CONNECTION_LOST', message: string): void {
    if (this.#released || this.#lost.signal.aborted) return;
    clearInterval(this.#timer);
    this.#lost.abort(
      new GodwitError(code, message, {
        next: ['see what was done: godwit status', 'go on: godwit up'],
      }),
    );
  }

  #throwIfLost(): void {
    if (this.#lost.signal.aborted) throw toGodwitError(this.#lost.signal.reason);
  }
}
