import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import type * as mongodb from 'mongodb';
import { GodwitError } from '../../errors.ts';

export type MongoModule = typeof mongodb;

export interface LoadedDriver {
  readonly module: MongoModule;
  readonly version: string;
  /** Whose copy it is. */
  readonly from: 'mongoose' | 'project' | 'godwit';
}

const OLDEST = 5;

/**
 * Loads the project's own driver, because objects of two copies do not mix: the one that
 * its mongoose uses, else its `mongodb`, else ours. Mongoose itself is not loaded: its
 * copy of the driver is the same module that `mongoose.mongo` is.
 *
 * @param root the project's folder
 * @throws GodwitError `GODWIT_DRIVER_MISSING`, `GODWIT_DRIVER_UNSUPPORTED`
 */
export function loadDriver(root: string): LoadedDriver {
  const project = createRequire(join(root, 'package.json'));
  const own = resolve(project, 'mongodb');
  const mongoose = usedMongoose(project, own);
  if (mongoose !== undefined) {
    const require = createRequire(mongoose);
    if (resolve(require, 'mongodb') !== undefined) return checked(require, 'mongoose');
  }
  if (own !== undefined) return checked(project, 'project');
  const ours = createRequire(import.meta.url);
  if (resolve(ours, 'mongodb') !== undefined) return checked(ours, 'godwit');
  throw new GodwitError(
    'GODWIT_DRIVER_MISSING',
    `The package mongodb is not installed in ${root}.`,
    {
      state: 'Nothing was done.',
      next: ['npm install mongodb'],
    },
  );
}

/** A mongoose of some folder above is not this project's if a `mongodb` lies nearer. */
function usedMongoose(project: NodeJS.Require, mongodb: string | undefined): string | undefined {
  const mongoose = resolve(project, 'mongoose');
  if (mongoose === undefined || mongodb === undefined) return mongoose;
  return depthOf(mongoose) >= depthOf(mongodb) ? mongoose : undefined;
}

/**
 * Both are found on the way up from one folder, so the deeper is the nearer. Counted in
 * folders: pnpm's links lead to `.pnpm/NAME@VERSION/node_modules`, for both alike.
 */
function depthOf(path: string): number {
  return path.slice(0, path.lastIndexOf(`${sep}node_modules${sep}`)).split(sep).length;
}

function checked(require: NodeJS.Require, from: LoadedDriver['from']): LoadedDriver {
  const { version } = require('mongodb/package.json') as { version: string };
  if (Number.parseInt(version, 10) < OLDEST) {
    throw new GodwitError(
      'GODWIT_DRIVER_UNSUPPORTED',
      `The project's mongodb driver is version ${version}; godwit works with 5, 6 and 7.`,
      { state: 'Nothing was done.', next: ['npm install mongodb@latest'] },
    );
  }
  return { module: require('mongodb') as MongoModule, version, from };
}

function resolve(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
