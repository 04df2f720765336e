import { foldHistory } from '../../core/fold.ts';
import { GodwitError } from '../../errors.ts';
import type {
  HistoryEvent,
  HistoryQuery,
  HistoryReader,
  VersionRecord,
} from '../../ports/history.ts';
import { type Connection, type SimpleResult, sqlState } from './connection.ts';
import { EVENT_COLUMNS, toEvent, toVersionEvent, VERSION_COLUMNS } from './history-row.ts';
import { checkFormat } from './schema.ts';
import { asReader, readerOffset, type Store } from './store.ts';
import { ident, literal } from './text.ts';

/** Reads the history over whatever connection is free. */
export class PostgresHistory implements HistoryReader {
  readonly #store: Store;
  readonly #connect: () => Promise<Connection>;

  constructor(store: Store, connect: () => Promise<Connection>) {
    this.#store = store;
    this.#connect = connect;
  }

  /**
   * An ended run that was applied or reverted leaves nothing of what came before it, so
   * only what follows the newest such event of each version has to be fetched.
   */
  async versions(): Promise<VersionRecord[]> {
    const { history } = this.#store;
    const result = await this.#read(
      `with since as (
        select kind, version, min(seq) as first,
          max(seq) filter (where event = 'ended' and status in ('applied', 'reverted')) as base
        from ${history} group by kind, version)
      select ${VERSION_COLUMNS} from ${history} h join since s using (kind, version)
      where h.seq >= coalesce(s.base, 0) order by s.first, h.seq`,
    );
    return result ? foldHistory(result.rows.map(toVersionEvent)) : [];
  }

  async events(query: HistoryQuery = {}): Promise<HistoryEvent[]> {
    const { history } = this.#store;
    const conditions: string[] = [];
    const ofVersion = query.version === undefined ? '' : `version = ${literal(query.version)}`;
    if (ofVersion) conditions.push(`h.${ofVersion}`);
    if (query.limit !== undefined) {
      conditions.push(
        `h.run in (select run from ${history} ${ofVersion && `where ${ofVersion}`}
          group by run order by max(seq) desc limit ${Math.max(0, Math.trunc(query.limit))})`,
      );
    }
    const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
    const result = await this.#read(
      `select ${EVENT_COLUMNS} from ${history} h ${where} order by h.seq`,
    );
    return result ? result.rows.map(toEvent) : [];
  }

  /** One message: the layout's version, then the rows. Undefined when there is no history. */
  async #read(sql: string): Promise<SimpleResult | undefined> {
    const connection = await this.#connect();
    const store = this.#store;
    const message = asReader(store, `select max(format) from ${store.lock};${sql}`);
    try {
      const results = await connection.simple(message);
      const at = readerOffset(store);
      checkFormat(results[at]?.rows[0]?.[0], store);
      return results[at + 1];
    } catch (error) {
      if (connection.state === 'E') await connection.simple('rollback');
      if (isMissing(error)) {
        await refuseNewerLayout(connection, store);
        return undefined;
      }
      throw readError(error, store);
    }
  }
}

/** 3F000 schema, 42P01 table. */
export function isMissing(error: unknown): boolean {
  return ['3F000', '42P01'].includes(sqlState(error) ?? '');
}

/** A newer layout may have other tables and columns: then its number says so. */
async function refuseNewerLayout(connection: Connection, store: Store): Promise<void> {
  const lock = `${ident(store.schema)}.lock`;
  const [found] = await connection.simple(
    `select pg_catalog.to_regclass(${literal(lock)}) is not null`,
  );
  if (found?.rows[0]?.[0] !== 't') return;
  try {
    const results = await connection.simple(
      asReader(store, `select max(format) from ${store.lock}`),
    );
    checkFormat(results[readerOffset(store)]?.rows[0]?.[0], store);
  } catch (error) {
    if (connection.state === 'E') await connection.simple('rollback');
    if (error instanceof GodwitError) throw error;
  }
}

/** What a failure to read godwit's own tables means to people. */
export function readError(error: unknown, store: Store): unknown {
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  if (state === '42501') {
    return new GodwitError('GODWIT_PERMISSION_DENIED', `The history cannot be read: ${message}.`, {
      cause: error,
      state: 'Nothing was read or written.',
      next: [
        `grant usage on schema ${ident(store.schema)} to <user>`,
        `grant select on all tables in schema ${ident(store.schema)} to <user>`,
      ],
    });
  }
  if (state === '42703' || state === '42809') {
    return new GodwitError(
      'GODWIT_HISTORY_UNREADABLE',
      `The tables in schema ${store.schema} are not godwit's: ${message}.`,
      { cause: error, next: ['choose another schema: store: { schema: "…" } in godwit.config'] },
    );
  }
  return error;
}
