import type { ArgumentSpec, CommandSpec, OptionSpec } from '../command-spec.ts';
import { collect, parseCount, parseLongDuration } from '../parse-values.ts';
import { BACKFILL_COMMAND } from './backfill-command.ts';
import { all, id, only, to } from './common-options.ts';

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
const target: ArgumentSpec = {
  name: '[target]',
  description: 'up to and with this version or id',
  completes: 'migration',
};
const WORKER_DETAILS =
  'It needs the same backfills/ as whoever began one, and bullmq and ioredis. Start as many as you like and stop them at any time: SIGTERM finishes the chunks under way.';

const SYNC_DETAILS =
  'Models are found in models/ (modelsDir), definitions in collections/ (collectionsDir). The difference is shown first; new things are made first, and removals come last.';

const MIGRATE = 'Migrate:';

export const MIGRATE_COMMANDS: readonly CommandSpec[] = [
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
];
