import type { Collection, Db, DbOptions, MongoClient } from 'mongodb';
import type { Call, Gate } from './gate.ts';
import {
  ADMIN,
  BULK,
  CLIENT,
  COLLECTION,
  callWrites,
  DB,
  type Method,
  pipelineWrites,
} from './methods.ts';

type Target = Record<PropertyKey, unknown>;
type Callable = (...args: unknown[]) => unknown;

/** Properties and methods of a handle that are not the target's own. */
type Special = (name: PropertyKey, target: Target) => { readonly value: unknown } | undefined;

/** As much of a gate as the handles need. */
export type Passage = Pick<Gate, 'session' | 'check' | 'pass'>;

/**
 * A client like the given one, that a migration gets: its databases, collections and bulk
 * operations pass the gate. `instanceof` holds, and mongoose's `setClient` takes it. What
 * the migration opens by itself (another client, a raw socket) is not seen.
 *
 * @param database what `client.db()` without a name is
 */
export function guardClient(client: MongoClient, database: string, gate: Passage): MongoClient {
  return new Guard(client, database, gate).client;
}

class Guard {
  readonly #real: MongoClient;
  readonly #gate: Passage;
  readonly #main: string;
  readonly client: MongoClient;

  constructor(client: MongoClient, database: string, gate: Passage) {
    this.#real = client;
    this.#gate = gate;
    this.#main = database;
    this.client = this.#wrap(client, CLIENT, '', (name) =>
      this.#clientSpecial(name),
    ) as MongoClient;
  }

  #clientSpecial(name: PropertyKey): { value: unknown } | undefined {
    switch (name) {
      case 'db':
        return method((name, options) =>
          this.#db(this.#real.db((name as string | undefined) ?? this.#main, options as DbOptions)),
        );
      case 'connect':
        return method(async () => this.client);
      // The connection is godwit's; a migration that closes "its" client means well.
      case 'close':
      case 'asyncDispose':
      case Symbol.asyncDispose:
        return method(async () => undefined);
      default:
        return undefined;
    }
  }

  #db(db: Db): Db {
    const prefix = db.databaseName === this.#main ? '' : `${db.databaseName}.`;
    const special: Special = (name) => {
      if (name === 'client') return { value: this.client };
      if (name === 'collection') {
        return method((...args) =>
          this.#collection(db.collection(...(args as Parameters<Db['collection']>)), prefix),
        );
      }
      if (name === 'admin') return method(() => this.#wrap(db.admin(), ADMIN, prefix));
      return undefined;
    };
    return this.#wrap(db, DB, prefix, special) as Db;
  }

  #collection(collection: Collection, prefix: string): Collection {
    const special: Special = (name) => (name === 'client' ? { value: this.client } : undefined);
    return this.#wrap(
      collection,
      COLLECTION,
      `${prefix}${collection.collectionName}`,
      special,
    ) as Collection;
  }

  #wrap(
    target: object,
    table: Readonly<Record<string, Method>>,
    label: string,
    special: Special = () => undefined,
  ): object {
    const bound = new Map<PropertyKey, { from: unknown; to: unknown }>();
    return new Proxy(target, {
      get: (real, name) => {
        const own = bound.get(name);
        // The driver reads private state through `this`, so `this` is the real object.
        const value = Reflect.get(real, name, real) as unknown;
        if (own !== undefined && own.from === value) return own.to;
        const rule =
          typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined;
        const to =
          special(name, real as Target)?.value ??
          (typeof value !== 'function'
            ? value
            : rule && typeof name === 'string'
              ? this.#guarded(real, value as Callable, name, rule, label)
              : bind(value, real));
        if (typeof to === 'function') bound.set(name, { from: value, to });
        return to;
      },
    });
  }

  #guarded(target: object, run: Callable, name: string, rule: Method, label: string): Callable {
    return (...args: unknown[]) => {
      const writes = callWrites(rule, args);
      const full = this.#withSession(rule, args);
      if (SYNCHRONOUS.has(name)) {
        this.#gate.check(writes);
        return this.#result(rule, run.apply(target, full), label);
      }
      const call: Call = {
        method: name,
        rule,
        collection: subject(target, label, args),
        args,
        writes,
      };
      return this.#passed(call, label, async () => run.apply(target, full));
    };
  }

  /** Awaited all the way, so that a stack leads back to the migration's line. */
  async #passed(call: Call, label: string, run: () => Promise<unknown>): Promise<unknown> {
    return this.#result(call.rule, await this.#gate.pass(call, run), label);
  }

  /** A session of the caller's own is the caller's business. */
  #withSession(rule: Method, args: readonly unknown[]): unknown[] {
    const { session } = this.#gate;
    if (session === undefined || rule.session === false) return [...args];
    const given = (args[rule.options] ?? {}) as { session?: unknown };
    if (given.session) return [...args];
    const padded: unknown[] = Array.from(
      { length: Math.max(args.length, rule.options + 1) },
      (_, i) => args[i],
    );
    padded[rule.options] = { ...given, session };
    return padded;
  }

  #result(rule: Method, result: unknown, label: string): unknown {
    switch (rule.returns) {
      case 'collection':
        return isCollection(result) ? this.#collection(result, this.#prefixOf(result)) : result;
      case 'collections':
        return (result as Collection[]).map((one) => this.#collection(one, this.#prefixOf(one)));
      case 'bulk':
        return this.#wrap(result as object, BULK, label);
      case 'pipeline-cursor':
        return this.#guardCursor(result as Target);
      default:
        return result;
    }
  }

  #prefixOf(collection: Collection): string {
    return collection.dbName === this.#main ? '' : `${collection.dbName}.`;
  }

  /** `$out` and `$merge` write when the cursor is read, which may be late, or be added late. */
  #guardCursor(cursor: Target): Target {
    for (const name of [
      'next',
      'tryNext',
      'hasNext',
      'toArray',
      'forEach',
      'stream',
      Symbol.asyncIterator,
    ]) {
      const original = cursor[name];
      if (typeof original !== 'function') continue;
      Object.defineProperty(cursor, name, {
        configurable: true,
        writable: true,
        value: (...args: unknown[]) => {
          if (pipelineWrites(cursor['pipeline'])) this.#gate.check(true);
          return (original as Callable).apply(cursor, args);
        },
      });
    }
    return cursor;
  }
}

function method(run: Callable): { value: Callable } {
  return { value: run };
}

function bind(value: unknown, target: object): unknown {
  // Classes are handed out as they are.
  return /^class\b/.test(Function.prototype.toString.call(value))
    ? value
    : (value as Callable).bind(target);
}

/** Those that return a cursor, a stream or a builder, not a promise. */
const SYNCHRONOUS = new Set([
  ...['find', 'aggregate', 'listIndexes', 'listCollections', 'listSearchIndexes', 'watch'],
  ...['runCursorCommand', 'initializeOrderedBulkOp', 'initializeUnorderedBulkOp'],
]);

function isCollection(value: unknown): value is Collection {
  return typeof (value as Collection | undefined)?.collectionName === 'string';
}

/** A database's methods that act on a collection name it in their first argument. */
function subject(target: object, label: string, args: readonly unknown[]): string {
  if (isCollection(target) || typeof args[0] !== 'string') return label || '*';
  return `${label}${args[0]}`;
}
