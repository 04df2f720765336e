import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Connection, Model, Mongoose } from 'mongoose';
import { GodwitError } from '../errors.ts';
import type { OpenedMongoose } from '../ports/driver.ts';
import { quietly } from './quietly.ts';
import { markRun } from './run-of.ts';

export interface OpenMongooseOptions {
  /** Where to look for the project's mongoose: where its models are, and its folder. */
  readonly places: readonly string[];
  /** A connected MongoClient of the driver that the project's mongoose uses. */
  readonly client: unknown;
  readonly database: string;
  /** The program has models of its own, and means to connect them itself. */
  readonly hostHasModels: boolean;
  /** Imports every file of the project's models. */
  readonly loadModels: () => Promise<void>;
}

/**
 * The project's mongoose over a given client. Its default connection is used where it is
 * free, so that models which a migration imports by itself work too; where the program
 * has connected it, models are made again on a connection of our own. Nothing is created
 * or indexed by itself: that is what migrations are for.
 *
 * @throws GodwitError GODWIT_DRIVER_MISSING, and what importing the models throws
 */
export async function openMongoose(options: OpenMongooseOptions): Promise<OpenedMongoose> {
  const mongoose = requireMongoose(options.places);
  const ends: (() => void)[] = [];
  const isFree = mongoose.connection.readyState === 0 && !options.hostHasModels;
  if (isFree) ends.push(withoutAutomatism(mongoose));
  try {
    await options.loadModels();
    // A model's file may connect by itself.
    const free = isFree && mongoose.connection.readyState === 0;
    const connection = free ? mongoose.connection : createConnection(mongoose);
    // Schemas can ask for collections and indexes each on their own.
    const used = await quietly(mongoose as never, async () => {
      ends.push(giveClient(connection, options.client));
      const own =
        connection.name === options.database ? connection : connection.useDb(options.database);
      if (own !== mongoose.connection) copyModels(mongoose, own);
      return own === mongoose.connection ? undefined : [own];
    });
    const [own = mongoose.connection] = used ?? [];
    const facade = own === mongoose.connection ? mongoose : over(mongoose, own);
    if (facade === mongoose) ends.push(giveWay(mongoose));
    return {
      mongoose: facade,
      models: own.models,
      isOpen: () => own.readyState === 1,
      enter: (ctx) => markRun(own, ctx),
      close: async () => {
        markRun(own, undefined);
        // The client is guarded: closing it closes nothing of the program's.
        await connection.close();
        for (const end of ends.splice(0)) end();
      },
    };
  } catch (error) {
    for (const end of ends.splice(0)) end();
    throw error;
  }
}

/** @throws GodwitError GODWIT_DRIVER_MISSING */
export function requireMongoose(places: readonly string[]): Mongoose {
  for (const place of places) {
    try {
      return createRequire(join(place, 'package.json'))('mongoose') as Mongoose;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  const root = places.at(-1) ?? '.';
  throw new GodwitError(
    'GODWIT_DRIVER_MISSING',
    `The package mongoose is not installed in ${root}.`,
    { state: 'Nothing was run.', next: ['npm install mongoose'] },
  );
}

/** No collection or index is made because a model exists. @returns ends it */
function withoutAutomatism(mongoose: Mongoose): () => void {
  const before = ['autoIndex', 'autoCreate'].map(
    (name) => [name, mongoose.get(name as 'autoIndex')] as const,
  );
  for (const [name] of before) mongoose.set(name as 'autoIndex', false);
  return () => {
    for (const [name, value] of before) mongoose.set(name as 'autoIndex', value ?? true);
  };
}

/** A migration that connects by itself gets what it asks for, past the guard. @returns ends it */
function giveWay(mongoose: Mongoose): () => void {
  const { connect } = mongoose;
  const end = () => {
    mongoose.connect = connect;
  };
  mongoose.connect = async (...given) => {
    end();
    await mongoose.connection.close();
    return connect.apply(mongoose, given);
  };
  return end;
}

function createConnection(mongoose: Mongoose): Connection {
  const connection = mongoose.createConnection();
  Object.assign(connection.config, { autoIndex: false, autoCreate: false });
  return connection;
}

interface Listening {
  eventNames(): (string | symbol)[];
  listeners(name: string | symbol): ((...args: unknown[]) => void)[];
  removeListener(name: string | symbol, listener: (...args: unknown[]) => void): unknown;
}

/** Mongoose listens to the client for as long as that lives: @returns lets go of it */
function giveClient(connection: Connection, client: unknown): () => void {
  const emitter = client as Listening;
  const before = new Map(emitter.eventNames().map((name) => [name, emitter.listeners(name)]));
  connection.setClient(client as never);
  return () => {
    for (const name of emitter.eventNames()) {
      for (const listener of emitter.listeners(name)) {
        if (!before.get(name)?.includes(listener)) emitter.removeListener(name, listener);
      }
    }
  };
}

function copyModels(mongoose: Mongoose, connection: Connection): void {
  for (const [name, model] of Object.entries(mongoose.models) as [string, Model<unknown>][]) {
    if (connection.models[name] !== undefined) continue;
    connection.model(name, model.schema, model.collection.collectionName);
  }
}

/** The project's mongoose as if this connection were its default one. */
function over(mongoose: Mongoose, connection: Connection): Mongoose {
  const own: Record<PropertyKey, unknown> = {
    connection,
    models: connection.models,
    model: connection.model.bind(connection),
    modelNames: () => connection.modelNames(),
    startSession: connection.startSession.bind(connection),
    transaction: connection.transaction.bind(connection),
    connect: async () => mongoose,
    disconnect: async () => undefined,
  };
  return new Proxy(mongoose, {
    get: (target, name) =>
      Object.hasOwn(own, name) ? own[name] : Reflect.get(target, name, target),
  });
}
