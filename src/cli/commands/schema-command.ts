import type { CommandSpec, OptionSpec } from '../command-spec.ts';
import { collect } from '../parse-values.ts';

const scratch: OptionSpec = {
  flags: '--scratch <where>',
  description: 'where a trial runs: server, embedded (PGlite), or a URL (server)',
};
const code: OptionSpec = {
  flags: '--code',
  description: 'run migrations in JavaScript in the trial too',
};

/** `godwit schema ACTION`. */
export const SCHEMA_COMMAND: Omit<CommandSpec, 'group'> = {
  name: 'schema',
  summary: 'the schema as data: dump it, or compare two',
  details:
    'dump prints SQL that makes the schema again (MongoDB: a migration in JavaScript). diff compares the database with a dump or another database, or, with --plan, with what it would be after the pending migrations.',
  arguments: [{ name: '<action>', description: 'what to do', choices: ['dump', 'diff'] }],
  options: [
    { flags: '--file <file>', description: 'dump: write here; .json is data', completes: 'file' },
    {
      flags: '--from <side>',
      description: 'diff: a URL, or a dump (.sql, .json)',
      completes: 'file',
    },
    {
      flags: '--to <side>',
      description: "diff: the same (the project's database)",
      completes: 'file',
    },
    { flags: '--plan', description: 'diff: before and after what is pending' },
    { flags: '--check', description: 'diff: exit 3 when there is a difference' },
    {
      flags: '--schema <name>',
      description: 'only this schema, or collection; repeatable; may end in *',
      parse: collect,
    },
    { flags: '--exclude <name>', description: 'all but this one; repeatable', parse: collect },
    { flags: '--owners', description: 'who owns what, too' },
    { flags: '--no-grants', description: 'without rights, which name roles' },
    scratch,
    code,
  ],
  load: () => import('./schema.ts'),
};

/** `godwit squash`. */
export const SQUASH_COMMAND: Omit<CommandSpec, 'group'> = {
  name: 'squash',
  summary: 'fold applied files into one baseline',
  details:
    'The files are run on a scratch database, and what comes out is the baseline. They are moved to .squashed beside it, never deleted. A database that had them counts as having the baseline; a new one gets it alone.',
  options: [
    {
      flags: '--to <version>',
      description: 'up to and with this version or id (the newest applied)',
      completes: 'migration',
    },
    { flags: '--name <name>', description: "the baseline's name (baseline)" },
    scratch,
    code,
    { flags: '--dry-run', description: 'say what would be done, write nothing' },
  ],
  load: () => import('./squash.ts'),
};
