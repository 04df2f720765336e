import type { Mongoose } from './types.ts';

/**
 * Does something while mongoose neither connects nor creates collections and indexes by
 * itself: a model that is compiled would begin with it (`autoCreate`, `autoIndex`), and a
 * file of models may call `connect`. Schemas and connections can ask for it each on their
 * own, so settings alone would not keep it from happening.
 */
export async function quietly<T>(mongoose: Mongoose, work: () => Promise<T>): Promise<T> {
  const { Model, Connection } = mongoose;
  const { init } = Model;
  const { prototype } = Connection;
  const { openUri } = prototype;
  Model.init = function quietInit(this: unknown) {
    return Promise.resolve(this);
  };
  prototype.openUri = function quietOpen(this: unknown) {
    // Not the connection itself: it is a thenable that waits to be open.
    return Promise.resolve(undefined);
  };
  try {
    return await work();
  } finally {
    Model.init = init;
    prototype.openUri = openUri;
  }
}
