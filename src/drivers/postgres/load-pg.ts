import { createRequire } from 'node:module';
import { join } from 'node:path';
import { GodwitError } from '../../errors.ts';
import type { PgClient } from './pg-connection.ts';

export interface PgModule {
  readonly Client: new (config: object) => PgClient;
}

/** The project's own pg where it has one, else the one that godwit finds. */
export function loadPg(root: string): PgModule {
  for (const from of [join(root, 'package.json'), import.meta.url]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve('pg');
    } catch {
      continue;
    }
    return require(path) as PgModule;
  }
  throw new GodwitError('GODWIT_DRIVER_MISSING', 'PostgreSQL needs the package pg.', {
    state: 'Nothing was run.',
    next: ['npm install pg'],
  });
}
