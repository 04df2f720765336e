import type { CommandSpec } from '../command-spec.ts';
import { parsePart, parseRate } from '../parse-rates.ts';
import { collect, parseCount, parseDuration } from '../parse-values.ts';

const ACTIONS = [
  'run',
  'list',
  'status',
  'pause',
  'resume',
  'cancel',
  'throttle',
  'retry',
  'undo',
  'public-ids',
];

/** `godwit backfill ACTION NAME`. */
export const BACKFILL_COMMAND: Omit<CommandSpec, 'group'> = {
  name: 'backfill',
  summary: 'change many rows in chunks: run, watch, pause, throttle, retry, undo; public ids',
  details:
    'run begins, resumes or joins a backfill of the folder backfills/. The others work from any terminal, also on those inside migrations. public-ids gives the rows of the registry (publicIds in the config) that have no public id one: the unique index first, NOT NULL after.',
  arguments: [
    { name: '<action>', description: 'what to do', choices: ACTIONS },
    { name: '[name]', description: "the file's name, or the ledger's" },
  ],
  options: [
    {
      flags: '--dry-run',
      description:
        'write nothing: run shows a sample, retry and undo what is there (also DRY_RUN=true)',
    },
    {
      flags: '--max-rate <n>',
      description: 'rows a second, by all workers; 0 is no limit',
      parse: parseRate,
    },
    {
      flags: '--max-lag <time>',
      description: 'longest replication lag, such as 5s',
      parse: parseDuration,
    },
    {
      flags: '--nice <part>',
      description: 'part of the time spent waiting, 0 to 0.9',
      parse: parsePart,
    },
    {
      flags: '--window <times>',
      description: 'when it may run, such as 22:00-06:00; repeatable',
      parse: collect,
    },
    { flags: '--chunk <n>', description: 'rows at once (adapts)', parse: parseCount },
    { flags: '--concurrency <n>', description: 'chunks at once (2 to 4)', parse: parseCount },
    { flags: '--redis <url>', description: 'share the work with every godwit worker' },
    { flags: '--queue <name>', description: "the workers' queue, where it has a name of its own" },
    { flags: '--again', description: 'begin anew what is complete or cancelled' },
    {
      flags: '--tables <names>',
      description: 'public-ids: only these of the registry, with commas; repeatable',
      parse: collect,
    },
    { flags: '--legacy', description: 'public-ids: draw legacy cuids instead of cuid2' },
    { flags: '--nullable', description: 'public-ids: do not make the column NOT NULL' },
    {
      flags: '--constraints',
      description: 'public-ids: let the database refuse ids of another form, too',
    },
    { flags: '--accept-definition', description: 'go on though the definition was changed' },
  ],
  load: () => import('./backfill.ts'),
};
