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
  const mongoose = usedMongoose(project);
  const ways: [LoadedDriver['from'], NodeJS.Require | undefined][] = [
    ['mongoose', mongoose === undefined ? undefined : createRequire(mongoose)],
    ['project', project],
    ['godwit', createRequire(import.meta.url)],
  ];
  for (const [from, require] of ways) {
    if (require !== undefined && resolve(require, 'mongodb') !== undefined) {
      return checked(require, from);
    }
  }
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
function usedMongoose(project: NodeJS.Require): string | undefined {
  const mongoose = resolve(project, 'mongoose');
  const mongodb = resolve(project, 'mongodb');
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
