import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as bullmq from 'bullmq';
import { GodwitError } from '../errors.ts';

export type BullModule = typeof bullmq;

/**
 * The project's own bullmq where it has one, else the one that godwit finds.
 *
 * @param root the project's folder
 * @throws GodwitError GODWIT_DRIVER_MISSING
 */
export function loadBullmq(root: string): BullModule {
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve('bullmq');
    } catch {
      continue;
    }
    // From version 6 on its client for Redis is a package that it does not bring along.
    if (!finds(createRequire(path), 'ioredis')) throw missing('ioredis', root);
    return require(path) as BullModule;
  }
  throw missing('bullmq', root);
}

function finds(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function missing(name: string, root: string): GodwitError {
  return new GodwitError(
    'GODWIT_DRIVER_MISSING',
    `Work on many machines needs the package ${name}, which is not installed in ${root}.`,
    { state: 'Nothing was done.', next: ['npm install bullmq ioredis'] },
  );
}
