import { createHash } from 'node:crypto';
import { ident } from './text.ts';

/** Names of what godwit keeps in a database, ready to be put into SQL. */
export interface Store {
  /** As configured, unquoted. */
  readonly schema: string;
  readonly history: string;
  readonly lock: string;
  /** Key of the advisory lock: the same for every godwit that uses this schema. */
  readonly lockKey: bigint;
  /** Role that everything is done as, unquoted. */
  readonly role: string | undefined;
}

export function createStore(schema: string, role: string | undefined): Store {
  return {
    schema,
    history: `${ident(schema)}.history`,
    lock: `${ident(schema)}.lock`,
    lockKey: createHash('sha256').update(`godwit lock ${schema}`).digest().readBigInt64BE(),
    role,
  };
}

/** First statement of every transaction of godwit's own. */
export function begin(store: Store): string {
  return `begin;${localRole(store)}`;
}

export function localRole(store: Store): string {
  return store.role === undefined ? '' : `set local role ${ident(store.role)};`;
}

/** Wraps reading statements in a transaction only where a role has to be taken on. */
export function asReader(store: Store, sql: string): string {
  return store.role === undefined ? sql : `begin read only;${localRole(store)}${sql};commit`;
}

/** How many results `asReader` puts before those of the statements. */
export function readerOffset(store: Store): number {
  return store.role === undefined ? 0 : 2;
}
