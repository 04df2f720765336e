import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.ts';
import { collect, parseCount, parseLongDuration } from '../parse-values.ts';
import { BACKFILL_COMMAND } from './backfill-command.ts';
import { BACKUP_COMMAND } from './backup-command.ts';
import { SCHEMA_COMMAND, SQUASH_COMMAND } from './schema-command.ts';
import { TEST_COMMAND } from './test-command.ts';

const reason: OptionSpec = {
  flags: '--reason <text>',
  description: 'why, for whoever reads the history later',
};
const outOfOrder: OptionSpec = {
  flags: '--out-of-order <policy>',
  description: 'a pending file older than an applied one (warn)',
  choices: ['warn', 'refuse', 'allow'],
};
const steps: OptionSpec = {
  flags: '--steps <n>',
  description: 'at most this many',
  parse: parseCount,
};
const only: OptionSpec = {
  flags: '--only <id>',
  description: 'just this one',
  completes: 'migration',
};
const retry: OptionSpec = { flags: '--retry', description: 'run interrupted ones again' };
const dryRun: OptionSpec = { flags: '--dry-run', description: 'show the plan, run nothing' };
const plan: OptionSpec = {
  flags: '--plan <fingerprint>',
  description: 'run only if this is still the plan',
};
const single: OptionSpec = {
  flags: '--single-transaction',
  description: 'all in one transaction, where the database can',
};
const backups: readonly OptionSpec[] = [
  { flags: '--backup', description: 'take a full copy before it begins' },
  { flags: '--no-backup', description: 'take none, whatever the config says' },
];
const validation: readonly OptionSpec[] = [
  { flags: '--validate', description: 'validate afterwards, as the config says or after the plan' },
  { flags: '--no-validate', description: 'do not validate, whatever the config says' },
];
const all: OptionSpec = { flags: '--all', description: 'everything that is applied' };
const to: OptionSpec = {
  flags: '--to <version>',
  description: 'down to, and without, this one',
  completes: 'migration',
};
const target: ArgumentSpec = {
  name: '[target]',
  description: 'up to and with this version or id',
  completes: 'migration',
};
const id: ArgumentSpec = {
  name: '<id>',
  description: "a migration's id or version",
  completes: 'migration',
};
const versions: OptionSpec = {
  flags: '--versions <kind>',
  description: 'how the file is numbered',
  choices: ['timestamp', 'number'],
};
const language: OptionSpec = {
  flags: '--language <name>',
  description: 'language of the file',
  choices: ['ts', 'js', 'cjs', 'mjs', 'sql'],
};

const template: OptionSpec = {
  flags: '--template <name>',
  description:
    'addField, transform, schema, seed, backfill, online-change, validator, or a file in templates/',
};

const WORKER_DETAILS =
  'It needs the same backfills/ as whoever began one, and bullmq and ioredis. Start as many as you like and stop them at any time: SIGTERM finishes the chunks under way.';

const SYNC_DETAILS =
  'Models are found in models/ (modelsDir), definitions in collections/ (collectionsDir). The difference is shown first; new things are made first, and removals come last.';

const RESET_DETAILS =
  "Refused in production, and for a database whose name was not said, here or by the config's resettable. godwit's own records go too.";

const LINT_DETAILS =
  'squawk (squawk-cli) and secretlint (@secretlint/core with its recommended preset) are asked where they are installed. A comment switches a finding off: -- godwit-lint: off CODE reason';

const MIGRATE = 'Migrate:';
const LOOK = 'Look:';
const REPAIR = 'Repair:';
const PROJECT = 'Project:';

/** Every command. Help, parsing and completion are made from it. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'up',
    alias: 'migrate',
    group: MIGRATE,
    summary: 'apply pending migrations',
    arguments: [target],
    options: [steps, only, retry, dryRun, plan, single, outOfOrder, ...backups, ...validation],
    load: () => import('./up.ts'),
  },
  {
    name: 'down',
    group: MIGRATE,
    summary: 'revert the newest migration, or several',
    arguments: [{ name: '[steps]', description: 'how many (1)', parse: parseCount }],
    options: [all, to, only, retry, dryRun, plan, single, ...backups, ...validation],
    load: () => import('./down.ts'),
  },
  {
    name: 'redo',
    group: MIGRATE,
    summary: 'revert the newest migration, or the given one, and apply it again',
    arguments: [{ ...id, name: '[id]' }],
    options: [retry, dryRun, plan, ...validation],
    load: () => import('./redo.ts'),
  },
  {
    name: 'setup',
    group: MIGRATE,
    summary: 'everything that a new database needs: migrations, then seeds',
    load: () => import('./setup.ts'),
  },
  {
    name: 'seed',
    group: MIGRATE,
    summary: 'put sample and reference data in; never in production',
    options: [
      { flags: '--only <id>', description: 'just this one; repeatable', parse: collect },
      { flags: '--again', description: 'also what was applied before' },
      { flags: '--dry-run', description: 'look, and run nothing' },
    ],
    load: () => import('./seed.ts'),
  },
  {
    name: 'plan',
    group: MIGRATE,
    summary: 'show what up or down would do, and every reason not to',
    arguments: [target],
    options: [
      {
        flags: '--direction <direction>',
        description: 'plan of up or down (up)',
        choices: ['up', 'down'],
      },
      ...[steps, all, to, only, retry, outOfOrder],
      { flags: '--sql', description: 'the script that a database administrator would run by hand' },
      { flags: '--check', description: 'exit 3 when there is something to do' },
    ],
    load: () => import('./plan.ts'),
  },
  {
    name: 'worker',
    group: MIGRATE,
    summary: 'take part in backfills that others began, on any number of machines',
    details: WORKER_DETAILS,
    options: [
      {
        flags: '--redis <url>',
        description: 'the Redis that hands out the work (GODWIT_REDIS_URL)',
      },
      { flags: '--queue <name>', description: "the queue's name (made of the database's)" },
      {
        flags: '--chunks <n>',
        description: 'chunks of a job, before the queue is asked again (100)',
        parse: parseCount,
      },
    ],
    load: () => import('./worker.ts'),
  },
  { ...BACKFILL_COMMAND, group: MIGRATE },
  { ...BACKUP_COMMAND, group: REPAIR },
  {
    name: 'sync',
    group: MIGRATE,
    summary: 'bring collections and indexes in line with Mongoose models and definitions',
    details: SYNC_DETAILS,
    options: [
      { flags: '--check', description: 'only look: exit 3 when something differs' },
      { ...dryRun, description: 'only show what would be done' },
      {
        flags: '--rebuild',
        description: 'allow indexes with the same keys and other options to be built anew',
      },
      {
        flags: '--hide-for <span>',
        description: 'hide an index this long before it is dropped, such as 7d',
        parse: parseLongDuration,
      },
      { flags: '--keep', description: 'leave indexes that nothing defines' },
      plan,
    ],
    load: () => import('./sync.ts'),
  },
  {
    name: 'status',
    group: LOOK,
    summary: 'the state of every migration',
    options: [
      {
        flags: '--check',
        description: 'exit 3 when work is pending or files drifted, 1 after a failure',
      },
    ],
    load: () => import('./status.ts'),
  },
  {
    name: 'list',
    group: LOOK,
    summary: 'the migrations in the folder; needs no database',
    load: () => import('./list.ts'),
  },
  {
    name: 'show',
    group: LOOK,
    summary: 'one migration: its state, files and runs',
    arguments: [id],
    load: () => import('./show.ts'),
  },
  {
    name: 'history',
    group: LOOK,
    summary: 'every run, newest last',
    arguments: [{ ...id, name: '[id]', description: 'only of this migration' }],
    options: [{ flags: '--limit <n>', description: 'the newest n', parse: parseCount }],
    load: () => import('./history.ts'),
  },
  {
    name: 'validate',
    group: LOOK,
    summary: 'import every file, and ask the database whether all is as it should be',
    options: [
      {
        flags: '--documents',
        description: "MongoDB: also read every document against its collection's validator",
      },
    ],
    load: () => import('./validate.ts'),
  },
  {
    name: 'lint',
    group: LOOK,
    summary: 'read the files for what is dangerous; needs no database, and asks one for sizes',
    details: LINT_DETAILS,
    arguments: [
      {
        name: '[targets...]',
        description: 'files, folders, ids or versions (what is not applied, and the seeds)',
        completes: 'file',
      },
    ],
    options: [
      {
        flags: '--since <ref>',
        description: 'only what is new or edited beside this branch of git, such as main',
      },
      {
        flags: '--output <form>',
        description: 'how findings are written (text)',
        choices: ['text', 'json', 'sarif', 'github'],
      },
      {
        flags: '--check <severity>',
        description: 'exit 1 from this severity on (error)',
        choices: ['error', 'warning', 'info'],
      },
      { ...all, description: 'also what is applied already' },
      { flags: '--offline', description: 'ask no database, even where one is configured' },
    ],
    load: () => import('./lint.ts'),
  },
  { ...TEST_COMMAND, group: LOOK },
  { ...SCHEMA_COMMAND, group: LOOK },
  {
    name: 'doctor',
    group: LOOK,
    summary: 'check connection, rights, server, lock and history',
    load: () => import('./doctor.ts'),
  },
  {
    name: 'mark',
    group: REPAIR,
    summary: 'record by hand that a migration is applied, or is not',
    arguments: [
      id,
      { name: '<state>', description: 'what it is', choices: ['applied', 'pending'] },
    ],
    options: [reason],
    load: () => import('./mark.ts'),
  },
  {
    name: 'accept',
    group: REPAIR,
    summary: 'take edited files as the applied ones',
    arguments: [{ ...id, name: '[ids...]', description: 'ids or versions of modified migrations' }],
    options: [{ flags: '--all', description: 'every modified one' }, reason],
    load: () => import('./accept.ts'),
  },
  {
    name: 'baseline',
    group: REPAIR,
    summary: 'record everything up to a version as applied, without running it',
    arguments: [{ ...id, name: '<version>', description: 'up to and with this version or id' }],
    options: [reason],
    load: () => import('./baseline.ts'),
  },
  { ...SQUASH_COMMAND, group: REPAIR },
  {
    name: 'unlock',
    group: REPAIR,
    summary: 'take the lock away from whoever holds it',
    load: () => import('./unlock.ts'),
  },
  {
    name: 'reset',
    group: REPAIR,
    summary: 'drop everything in a database of development',
    details: RESET_DETAILS,
    options: [
      { flags: '--database-name <name>', description: 'the database that may be emptied' },
      { flags: '--dry-run', description: 'say what would be dropped' },
    ],
    load: () => import('./reset.ts'),
  },
  {
    name: 'init',
    group: PROJECT,
    summary: 'write a config, a folder and package.json scripts that fit the project',
    options: [
      {
        flags: '--layout <name>',
        description: 'classes: pending/, completed/, templates/, utils/ and migrate.js',
        choices: ['classes'],
      },
    ],
    load: () => import('./init.ts'),
  },
  {
    name: 'create',
    group: PROJECT,
    summary: 'write a new migration',
    arguments: [{ name: '<name...>', description: 'what it does, such as "add email to users"' }],
    options: [
      language,
      versions,
      template,
      { flags: '--seed', description: 'a seed instead of a migration' },
      {
        flags: '--from-models',
        description: 'write what takes the database to what the Mongoose models say, and back',
      },
      {
        flags: '--snapshot',
        description: 'with --from-models: compare with the last snapshot, and keep one',
      },
      {
        flags: '--rename <old:new>',
        description: 'with --from-models: a field has another name now (repeatable)',
        parse: collect,
      },
      {
        flags: '--remove <field>',
        description: "with --from-models: a field's values go (repeatable)",
        parse: collect,
      },
    ],
    load: () => import('./create.ts'),
  },
  {
    name: 'completion',
    group: PROJECT,
    summary: 'print a script that completes commands in a shell',
    arguments: [{ name: '<shell>', description: 'which shell', choices: ['bash', 'zsh', 'fish'] }],
    load: () => import('./completion.ts'),
  },
];
