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
    return withNavigator(() => require(path) as PgModule);
  }
  throw new GodwitError('GODWIT_DRIVER_MISSING', 'PostgreSQL needs the package pg.', {
    state: 'Nothing was run.',
    next: ['npm install pg'],
  });
}

/**
 * pg asks whether it runs at Cloudflare, by `navigator` or, where there is none, by making
 * a `Response`, for which Node 20 loads all of its fetch: more than pg itself takes. So
 * Node 20 has the navigator of later Nodes for as long as pg is loaded, which nobody else
 * sees, because it happens at once.
 */
function withNavigator<T>(load: () => T): T {
  if ('navigator' in globalThis) return load();
  const value = { userAgent: `Node.js/${process.versions.node.split('.')[0]}` };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  try {
    return load();
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator');
  }
}
