import type { CommandSpec } from '../command-spec.ts';
import { parseCount } from '../parse-values.ts';

/** `godwit test ID…`. */
export const TEST_COMMAND: Omit<CommandSpec, 'group'> = {
  name: 'test',
  summary: 'run migrations up, down and up again in a database of their own',
  details:
    "Says what down did not restore. MongoDB is tested on a mongod that is started for it, SQL on PGlite in memory, or, with --url, in databases made and dropped on that server. Fixtures are read from fixtures/ID/. The project's own database is only read, and only with --sample.",
  arguments: [
    {
      name: '[ids...]',
      description: 'ids or versions (all)',
      completes: 'migration',
    },
  ],
  options: [
    {
      flags: '--sample <n>',
      description: "instead of fixtures: n rows of each of the project's tables, anonymised",
      parse: parseCount,
    },
    { flags: '--seed <text>', description: 'other anonymised data (godwit)' },
    { flags: '--bail', description: 'stop at the first that fails' },
  ],
  load: () => import('./test.ts'),
};
